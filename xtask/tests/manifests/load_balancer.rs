//! The add-on by which people come to an app through a load balancer: what its lines bring, and
//! that its parts fit each other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::addons::{edited, is_on, on, servers, with_components};
use crate::object::{Object, find};
use crate::render::{ALL, apps, environment, file, minor_of_kubernetes};
use crate::{environments, faults, namespace, schemas};

pub(crate) const FOLDER: &str = "infra/addons/load-balancer";

/// What an app's overlay renders with an Ingress.
fn with_ingress(app: &str, environment: &str) -> Vec<Object> {
    let component = format!("load-balancer/{environment}");
    let folder = format!("infra/{app}/overlays/{environment}");
    edited(&folder, |text| with_components(text, &[&component]))
}

/// The value of a setting in a list like `one=1,two=2`.
fn setting(list: &str, name: &str) -> u64 {
    let value = list
        .split(',')
        .find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
    let value = value.unwrap_or_else(|| panic!("{list} has no {name}"));
    value.parse().expect("a number")
}

pub(crate) fn alb<'a>(ingress: &'a Object, name: &str) -> &'a str {
    ingress.annotation(&format!("alb.ingress.kubernetes.io/{name}"))
}

/// The zone that external-dns keeps the names of an environment in.
fn zone(environment: &str) -> &'static str {
    let dns = &ALL[&format!("infra/addons/external-dns/{environment}")].objects;
    let dns = find(dns, "Deployment", "external-dns");
    let arguments = dns.list("/spec/template/spec/containers/0/args").iter();
    let mut arguments = arguments.filter_map(Value::as_str);
    let zone = arguments.find_map(|it| it.strip_prefix("--domain-filter="));
    zone.expect("external-dns keeps a zone")
}

/// Whether a host can have its name: external-dns keeps the zone that it lies in. A fork may have a
/// host of its own, and nobody who keeps its zone.
pub(crate) fn can_have_its_name(environment: &str, host: &str) -> bool {
    let is_kept = is_on(environment, "external-dns") || host.ends_with(".example.com");
    !is_kept || host.ends_with(&format!(".{}", zone(environment)))
}

/// How long a load balancer goes on sending to a pod that ends.
const DELAY: &str = "deregistration_delay.timeout_seconds";

/// A load balancer asks this path whether a pod is ready, and goes on sending for so many seconds
/// to one that ends.
fn fits(server: &Object, path: &str, delay: u64) {
    let container = server.template().expect("a pod").containers().remove(0);
    assert_eq!(container.text("/readinessProbe/httpGet/path"), path);
    let sleeps = container.at("/lifecycle/preStop/sleep/seconds").as_u64();
    assert!(
        sleeps > Some(delay),
        "a pod ends before the load balancer lets it go: {sleeps:?}"
    );
}

#[test]
fn an_ingress_leads_to_the_server_of_its_overlay_and_fits_it() {
    let class = file(&format!("{FOLDER}/cluster/class.yaml"));
    for (app, environment) in servers() {
        let objects = with_ingress(app, environment);
        let ingress = find(&objects, "Ingress", app);
        assert_eq!(ingress.text("/spec/ingressClassName"), class[0].name());
        let service = ingress.at("/spec/rules/0/http/paths/0/backend/service");
        let ports = find(&objects, "Service", service["name"].as_str().expect("a name"));
        let mut ports = ports.list("/spec/ports").iter();
        assert!(
            ports.any(|port| port["name"] == service["port"]["name"]),
            "{service}"
        );
        let server = find(&objects, "Deployment", app);
        let targets = alb(ingress, "target-group-attributes");
        let delay = setting(targets, DELAY);
        fits(server, alb(ingress, "healthcheck-path"), delay);
        assert_eq!(alb(ingress, "target-type"), "ip");
        assert_eq!(alb(ingress, "ssl-redirect"), "443");
        for rule in [faults::labels, faults::own_namespace, faults::stops_in_order] {
            assert!(rule(&objects).is_empty(), "{app}: {:?}", rule(&objects));
        }
        if let Some(kubeconform) = schemas::kubeconform() {
            let (faults, valid) = kubeconform.judge(&[ingress.0.to_string()]);
            assert!(faults.is_empty() && valid == 1, "{faults:?}");
        }
    }
}

#[test]
fn each_environment_has_a_name_of_its_own_in_the_zone_of_external_dns() {
    let mut names = BTreeSet::new();
    for (app, environment) in servers() {
        let objects = with_ingress(app, environment);
        let host = find(&objects, "Ingress", app)
            .text("/spec/rules/0/host")
            .to_owned();
        assert!(can_have_its_name(environment, &host), "{host} gets no name");
        names.insert(host);
    }
    assert!(servers().next().is_none() || names.len() == environments().count());
}

#[test]
fn a_host_of_somebody_elses_needs_no_zone_where_external_dns_is_off() {
    for environment in environments() {
        let zone = zone(environment);
        assert!(can_have_its_name(environment, &format!("a.{zone}")));
        assert!(
            !can_have_its_name(environment, "a.elsewhere.example.com"),
            "{zone}"
        );
        let is_off = !is_on(environment, "external-dns");
        assert_eq!(can_have_its_name(environment, "a.elsewhere.invalid"), is_off);
    }
}

#[test]
fn a_line_lets_apps_have_ingresses_and_argo_cd_may_make_those_alone() {
    let kind = json!({ "group": "networking.k8s.io", "kind": "Ingress" });
    for environment in environments() {
        let list = "/spec/namespaceResourceWhitelist";
        let may = |objects: &[Object]| {
            find(objects, "AppProject", namespace())
                .list(list)
                .contains(&kind)
        };
        assert_eq!(may(apps(environment)), is_on(environment, "load-balancer"));
        assert!(may(&on(environment)));
    }
    let cluster = &ALL[&format!("{FOLDER}/cluster")].objects;
    for (role, name) in [
        ("Role", "argocd-ingresses"),
        ("ClusterRole", "argocd-watch-ingresses"),
    ] {
        let [rule] = find(cluster, role, name).list("/rules") else {
            panic!("{name} has one rule")
        };
        assert_eq!(rule["resources"], json!(["ingresses"]), "{name}");
        assert_eq!(rule["apiGroups"], json!(["networking.k8s.io"]), "{name}");
    }
    let looked_at = file(&format!("{FOLDER}/argocd/values.yaml"));
    let looked_at = looked_at[0].text("/data/inclusions");
    assert!(looked_at.contains("[Ingress]"), "{looked_at}");
}

/// The chart is no part of what is rendered here.
#[test]
fn the_controller_is_of_the_cluster_and_has_its_role() {
    let all = &file(&format!("{FOLDER}/controller/values.yaml"))[0];
    assert_eq!(all.text("/watchNamespace"), namespace());
    for name in environments() {
        let own = &file(&format!("{FOLDER}/controller/{name}.yaml"))[0];
        let cluster = &file(&format!("infra/aws/eksctl/{name}.yaml"))[0];
        assert_eq!(own.text("/clusterName"), cluster.text("/metadata/name"));
        assert_eq!(own.text("/region"), cluster.text("/metadata/region"));
        let role = own.at("/serviceAccount/annotations")["eks.amazonaws.com/role-arn"].as_str();
        let end = format!("-load-balancer-{name}");
        assert!(role.is_some_and(|role| role.ends_with(&end)), "{role:?}");
        let platform = environment(name);
        let labels = find(&platform, "Namespace", namespace()).at("/metadata/labels");
        assert_eq!(labels["elbv2.k8s.aws/pod-readiness-gate-inject"], "enabled");
    }
    let cluster = &ALL[&format!("{FOLDER}/cluster")].objects;
    let labels = find(cluster, "Namespace", "load-balancer").at("/metadata/labels");
    let version = minor_of_kubernetes();
    assert_eq!(labels["pod-security.kubernetes.io/enforce-version"], version);
}

// wing: hub
/// The target groups of two clusters.
const GROUPS: [&str; 2] = ["Blue", "Green"];

#[test]
fn pods_behind_the_balancer_of_two_clusters_serve_until_it_has_let_them_go() {
    let traffic = &file("infra/aws/traffic.yaml")[0];
    for (app, environment) in servers() {
        let folder = format!("infra/{app}/overlays/{environment}");
        let objects = edited(&folder, |text| with_components(text, &["load-balancer/draining"]));
        for group in GROUPS {
            let properties = format!("/Resources/{group}/Properties");
            let mut attributes = traffic
                .list(&format!("{properties}/TargetGroupAttributes"))
                .iter();
            let delay = attributes.find(|attribute| attribute["Key"] == DELAY);
            let delay = delay.and_then(|delay| delay["Value"].as_str()?.parse::<u64>().ok());
            let path = traffic.text(&format!("{properties}/HealthCheckPath"));
            fits(find(&objects, "Deployment", app), path, delay.expect("a delay"));
        }
        let faults = faults::stops_in_order(&objects);
        assert!(faults.is_empty(), "{app}: {faults:?}");
    }
}

/// A person applies it in each cluster, and fills in what the stack says.
#[test]
fn the_binding_of_the_page_leads_to_a_server_and_lets_the_balancer_in() {
    let page = std::fs::read_to_string(crate::render::ROOT.join("docs/CLUSTERS.md"));
    let page = page.expect("read the page on clusters");
    let mut examples = page
        .split("```yaml\n")
        .filter_map(|example| example.split("```").next());
    let binding = examples.find(|example| example.contains("kind: TargetGroupBinding"));
    let binding = &crate::render::parse(binding.expect("it has one"), "docs/CLUSTERS.md")[0];
    assert_eq!(binding.text("/apiVersion"), "elbv2.k8s.aws/v1beta1");
    assert_eq!(binding.text("/metadata/namespace"), namespace());
    let traffic = &file("infra/aws/traffic.yaml")[0];
    for group in GROUPS {
        let kind = traffic.text(&format!("/Resources/{group}/Properties/TargetType"));
        assert_eq!(kind, binding.text("/spec/targetType"));
    }
    for (output, resource) in [
        ("BlueArn", GROUPS[0]),
        ("GreenArn", GROUPS[1]),
        ("SecurityGroupId", "People"),
    ] {
        assert_eq!(traffic.text(&format!("/Outputs/{output}/Value")), resource);
        assert!(
            page.contains(&format!("`{output}`")),
            "nobody is told of {output}"
        );
    }
    let of_the_balancer = traffic.list("/Resources/Balancer/Properties/SecurityGroups");
    assert_eq!(of_the_balancer, ["People"]);
    let [rule] = binding.list("/spec/networking/ingress") else {
        panic!("one rule lets the balancer in")
    };
    assert_eq!(rule["from"], json!([{ "securityGroup": { "groupID": "ID" } }]));
    let [port] = rule["ports"].as_array().map_or(&[][..], Vec::as_slice) else {
        panic!("{rule} is about one port")
    };
    for (app, environment) in servers() {
        let objects = &ALL[&format!("infra/{app}/overlays/{environment}")].objects;
        let service = find(objects, "Service", app);
        assert_eq!(
            service.at("/spec/ports/0/name"),
            binding.at("/spec/serviceRef/port")
        );
        assert_eq!(service.at("/spec/ports/0/targetPort"), &port["port"]);
    }
    let app = crate::PROJECT.app(binding.text("/spec/serviceRef/name")); // wing: sample
    assert_eq!(app.expect("it is an app").kind(), project::Kind::Web); // wing: sample
}
// end of wing
