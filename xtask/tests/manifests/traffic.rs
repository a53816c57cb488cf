//! Who may talk to whom, and that requests reach servers only.

use std::net::Ipv4Addr;

use project::Kind;
use serde_json::{Value, json};

use crate::object::{Object, find, of_kind};
use crate::{PROJECT, environments, plain};

/// Policies of the e2e alone: the way to the emulator, and the one past the frontend.
const OF_THE_E2E: [&str; 2] = ["local-aws", "local-node-port"];
/// Where a node of AWS hands out its own role.
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const METRICS: u64 = 9090;

/// Whether it is an app that serves pages to people.
fn is_page(name: &str) -> bool {
    PROJECT.app(name).is_ok_and(|app| app.kind() == Kind::Web)
}

/// Kubernetes takes no list, and one without entries, for everybody.
fn is_nobody_named(peers: &Value) -> bool {
    peers.as_array().is_none_or(Vec::is_empty)
}

/// The blocks of addresses among those that a rule names.
fn blocks(peers: &Value) -> impl Iterator<Item = &Value> {
    let peers = peers.as_array().into_iter().flatten();
    peers.filter_map(|peer| peer.get("ipBlock"))
}

/// Whether an address lies in a block; of one that is not of IPv4 that is taken for granted.
fn holds(block: &str, address: Ipv4Addr) -> bool {
    let (network, length) = block.split_once('/').expect("a block has a length");
    let Ok(network) = network.parse::<Ipv4Addr>() else {
        return true;
    };
    let length: u32 = length.parse().expect("a length is a number");
    let differ = network.to_bits() ^ address.to_bits();
    differ.leading_zeros() >= length
}

fn holds_metadata(block: &Value) -> bool {
    let holds = |cidr: &Value| holds(cidr.as_str().expect("a block is text"), METADATA);
    let mut except = block["except"].as_array().into_iter().flatten();
    holds(&block["cidr"]) && !except.any(holds)
}

/// What a policy allows to more than those who need it, if it does.
pub(crate) fn too_open(policy: &Object) -> Option<String> {
    if OF_THE_E2E.contains(&policy.name()) {
        return None;
    }
    let (ingress, egress) = (policy.list("/spec/ingress"), policy.list("/spec/egress"));
    let lets_in = |rule: &Value| {
        let all = |block: &Value| block["cidr"].as_str().is_some_and(|cidr| cidr.ends_with("/0"));
        is_nobody_named(&rule["from"]) || blocks(&rule["from"]).any(all)
    };
    let fault = if ingress.iter().any(lets_in) && !is_page(policy.name()) {
        "lets everybody in"
    } else if egress.iter().any(|rule| is_nobody_named(&rule["to"])) {
        "lets its pods out to everybody"
    } else if egress.iter().any(|rule| blocks(&rule["to"]).any(holds_metadata)) {
        "lets its pods reach the metadata service of their node"
    } else {
        return None;
    };
    Some(fault.to_owned())
}

/// Whether a rule is about the port of the metrics, which no ports named are, too.
fn is_about_metrics(rule: &Value) -> bool {
    let is = |port: &Value| match &port["port"] {
        Value::Null => true,
        Value::String(name) => name == "metrics",
        first => {
            let first = first.as_u64().expect("a port is a number or a name");
            (first..=port["endPort"].as_u64().unwrap_or(first)).contains(&METRICS)
        }
    };
    let ports = rule["ports"].as_array();
    ports.is_none_or(|ports| ports.is_empty() || ports.iter().any(is))
}

#[test]
fn a_service_sends_requests_to_its_servers_and_nothing_else() {
    for name in environments() {
        let objects = plain::environment(name);
        let services = of_kind(&objects, "Service");
        let apps = PROJECT.apps().iter().filter(|app| app.kind().has_service());
        assert_eq!(services.len(), apps.count());
        for service in services {
            let selected: Vec<_> = objects
                .iter()
                .filter(|object| {
                    object
                        .template()
                        .is_some_and(|template| service.selects("/spec/selector", &template))
                })
                .map(Object::id)
                .collect();
            assert_eq!(selected, [format!("Deployment/{}", service.name())]);
            assert_eq!(*service.at("/spec/ports/0/targetPort"), "http");
            assert_eq!(*service.at("/spec/ports/0/port"), 80);
        }
    }
}

#[test]
fn metrics_have_a_port_of_their_own_that_no_visitor_reaches() {
    for name in environments() {
        let objects = plain::environment(name);
        let metrics = find(&objects, "NetworkPolicy", "metrics");
        let servers = objects.iter().filter(|object| object.is_server());
        let servers: Vec<_> = servers.filter_map(Object::template).collect();
        let apps = PROJECT.apps().iter().filter(|app| app.kind().has_service());
        assert_eq!(servers.len(), apps.count());
        for server in &servers {
            assert!(metrics.selects("/spec/podSelector/matchLabels", server));
            let ports = server.containers().remove(0).list("/ports").to_vec();
            let listens = ports
                .iter()
                .any(|port| port["name"] == "metrics" && port["containerPort"] == METRICS);
            assert!(listens, "{ports:?}");
        }
        for service in of_kind(&objects, "Service") {
            assert_eq!(service.list("/spec/ports").len(), 1, "{}", service.id());
        }
        for policy in of_kind(&objects, "NetworkPolicy") {
            let lets_in = policy.list("/spec/ingress").iter().any(is_about_metrics);
            assert_eq!(lets_in, policy.name() == "metrics", "{}", policy.id());
        }
    }
}

#[test]
fn a_rule_about_metrics_is_known_in_each_form() {
    for rule in [
        json!({}),
        json!({"ports": []}),
        json!({"ports": [{"port": "http"}, {"port": "metrics"}]}),
        json!({"ports": [{"port": 9090}]}),
        json!({"ports": [{"port": 9000, "endPort": 9999}]}),
        json!({"ports": [{"protocol": "TCP"}]}),
    ] {
        assert!(is_about_metrics(&rule), "{rule}");
    }
    let other = json!({"ports": [{"port": "http"}, {"port": 8080, "endPort": 8081}]});
    assert!(!is_about_metrics(&other));
}

#[test]
fn the_metadata_service_is_shut_off_and_only_the_e2e_may_be_open() {
    let policy = |name: &str, egress: Value| {
        let policy = json!({"kind": "NetworkPolicy", "metadata": {"name": name}, "spec": {"egress": egress}});
        too_open(&Object(policy)).is_none()
    };
    let to = |cidr: &str, except: &[&str]| json!([{"to": [{"ipBlock": {"cidr": cidr, "except": except}}]}]);
    assert!(policy("aws", to("0.0.0.0/0", &["10.0.0.0/8", "169.254.0.0/16"])));
    assert!(policy("agent", to("169.254.170.23/32", &[])));
    let open: [(&str, &[&str]); 5] = [
        ("0.0.0.0/0", &[]),
        ("0.0.0.0/0", &["10.0.0.0/8"]),
        ("128.0.0.0/1", &[]),
        ("169.254.169.254/32", &[]),
        ("::/0", &[]),
    ];
    for (cidr, except) in open {
        assert!(!policy("aws", to(cidr, except)), "{cidr} but for {except:?}");
    }
    assert!(policy("local-aws", json!([{}])));
    assert!(!policy("local-anything", json!([{}])));
}
