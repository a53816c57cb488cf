//! The forge's way to Argo CD through a load balancer: one path of its server, and nothing else.

use std::collections::BTreeSet;

use serde_json::json;

use crate::load_balancer::{FOLDER, alb, can_have_its_name};
use crate::object::{Object, find, ids};
use crate::render::{ALL, file, parse};
use crate::{environments, schemas};

const SERVER: &str = "argocd-server";

/// What a person applies in an environment.
fn way(environment: &str) -> &'static [Object] {
    &ALL[&format!("{FOLDER}/webhook/{environment}")].objects
}

/// What of an Ingress could lead past its one rule: answers and conditions of its own, other
/// targets, and a load balancer that it shares with others.
const MORE: [&str; 4] = ["actions.", "conditions.", "group.name", "transforms."];

#[test]
fn the_forge_reaches_one_path_of_argo_cds_server_and_nobody_anything_else() {
    for environment in environments() {
        let way = way(environment);
        let all = ["Ingress/webhook", "NetworkPolicy/webhook"].map(str::to_owned);
        assert_eq!(ids(way), all.into());
        let ingress = find(way, "Ingress", "webhook");
        assert_eq!(ingress.text("/metadata/namespace"), "argocd");
        let host = ingress.at("/spec/rules/0/host");
        let service = json!({ "name": SERVER, "port": { "name": "http" } });
        let path = json!({ "path": "/api/webhook", "pathType": "Exact", "backend": { "service": service } });
        let class = file(&format!("{FOLDER}/cluster/class.yaml"));
        let only = json!({
            "ingressClassName": class[0].name(),
            "rules": [{ "host": host, "http": { "paths": [path] } }],
        });
        assert_eq!(*ingress.at("/spec"), only);
        let annotations = ingress.at("/metadata/annotations").as_object();
        for name in annotations.expect("it has some").keys() {
            let name = name.strip_prefix("alb.ingress.kubernetes.io/");
            let is_more = |name: &str| MORE.iter().any(|more| name.starts_with(more));
            assert!(name.is_some_and(|name| !is_more(name)), "{name:?}");
        }
    }
}

#[test]
fn the_way_of_the_forge_is_encrypted_and_has_a_name_of_its_own_in_each_environment() {
    let mut hosts = BTreeSet::new();
    for environment in environments() {
        let ingress = find(way(environment), "Ingress", "webhook");
        assert_eq!(alb(ingress, "listen-ports"), r#"[{"HTTPS": 443}]"#);
        let policy = alb(ingress, "ssl-policy");
        assert!(policy.starts_with("ELBSecurityPolicy-TLS13-1-2-"), "{policy}");
        let host = ingress.text("/spec/rules/0/host");
        assert!(can_have_its_name(environment, host), "{host} gets no name");
        hosts.insert(host);
    }
    assert_eq!(hosts.len(), environments().count());
}

/// The load balancer asks and sends by plain HTTP, which the server takes by this setting alone.
#[test]
fn argo_cds_server_takes_what_the_load_balancer_sends() {
    let settings = file("infra/argocd/settings.yaml");
    let settings = find(&settings, "ConfigMap", "argocd-cmd-params-cm");
    assert_eq!(settings.text("/data/server.insecure"), "true");
    let Some(released) = schemas::kubeconform() else {
        return;
    };
    let text = std::fs::read_to_string(&released.argocd).expect("read Argo CD's manifests");
    let services = text
        .split("\n---\n")
        .filter(|one| one.contains("\nkind: Service\n"));
    let services: Vec<_> = services.flat_map(|one| parse(one, "a Service")).collect();
    let service = find(&services, "Service", SERVER);
    let mut ports = service.list("/spec/ports").iter();
    let http = ports
        .find(|port| port["name"] == "http")
        .expect("a port for HTTP");
    for environment in environments() {
        let way = way(environment);
        assert_eq!(
            alb(find(way, "Ingress", "webhook"), "healthcheck-path"),
            "/healthz"
        );
        let policy = find(way, "NetworkPolicy", "webhook");
        assert_eq!(
            policy.at("/spec/podSelector/matchLabels"),
            service.at("/spec/selector")
        );
        let ports = json!([{ "ports": [{ "protocol": "TCP", "port": http["targetPort"] }] }]);
        assert_eq!(*policy.at("/spec/ingress"), ports);
    }
}

#[test]
fn the_controller_looks_at_the_namespace_of_argo_cd_once_it_is_told_to() {
    let told = &file(&format!("{FOLDER}/controller/webhook.yaml"))[0];
    assert_eq!(told.0, json!({ "watchNamespace": "" }));
}
