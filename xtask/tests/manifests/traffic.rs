//! Who may talk to whom, and that requests reach servers only.

use crate::object::{Object, find, of_kind};
use crate::{PROJECT, environments, plain};

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
                .any(|port| port["name"] == "metrics" && port["containerPort"] == 9090);
            assert!(listens, "{ports:?}");
        }
        for service in of_kind(&objects, "Service") {
            assert_eq!(service.list("/spec/ports").len(), 1, "{}", service.id());
        }
        for policy in of_kind(&objects, "NetworkPolicy") {
            let lets_in = policy.list("/spec/ingress").iter().any(|rule| {
                rule["ports"]
                    .as_array()
                    .is_some_and(|ports| ports.iter().any(|port| port["port"] == "metrics"))
            });
            assert_eq!(lets_in, policy.name() == "metrics", "{}", policy.id());
        }
    }
}
