//! Which Services get the requests of an Ingress, and how many of them: one that it names, or those
//! of the action in its annotation.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddrV4;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::networking::v1::{Ingress, IngressServiceBackend};
use serde::Deserialize;

use super::asked::{PREFIX, path};

/// The name of a port that stands for the action of an annotation.
const BY_ACTION: &str = "use-annotation";
/// What `HAProxy` takes at most for one server.
const MOST: u32 = 256;
/// So that the share of one pod of several is a whole number.
const FINER: u32 = 2;

/// A part of the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) service: String,
    pub(super) port: Port,
    pub(super) weight: u32,
    /// Whether a visitor keeps to what has answered first.
    pub(super) sticky: bool,
}

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Port {
    Name(String),
    Number(i32),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Action {
    forward_config: ForwardConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ForwardConfig {
    target_groups: Vec<TargetGroup>,
    target_group_stickiness_config: Option<Stickiness>,
}

/// It says for how long, too; no visitor here comes back that late.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stickiness {
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TargetGroup {
    service_name: String,
    service_port: String,
    weight: u32,
}

/// Where its requests go. While there is no action yet, that is an error, and nothing changes: as
/// with AWS' controller.
pub(super) fn of(ingress: &Ingress) -> Result<Vec<Route>> {
    let service = path(ingress)?.backend.service.as_ref().context("a Service")?;
    let port = service.port.as_ref().and_then(|port| port.name.clone());
    let port = port.context("the name of a port")?;
    if port == BY_ACTION {
        return of_action(ingress, service);
    }
    Ok(vec![Route {
        service: service.name.clone(),
        port: Port::Name(port),
        weight: 100,
        sticky: false,
    }])
}

fn of_action(ingress: &Ingress, service: &IngressServiceBackend) -> Result<Vec<Route>> {
    let name = format!("{PREFIX}actions.{}", service.name);
    let annotations = ingress.metadata.annotations.as_ref();
    let action = annotations.and_then(|all| all.get(&name));
    let action = action.with_context(|| format!("the Ingress does not say {name}"))?;
    let action: Action = serde_json::from_str(action).with_context(|| format!("read {name}"))?;
    let ForwardConfig {
        target_groups: groups,
        target_group_stickiness_config: stickiness,
    } = action.forward_config;
    let sticky = stickiness.is_some_and(|stickiness| stickiness.enabled);
    let whole: u32 = groups.iter().map(|group| group.weight).sum();
    ensure!(whole > 0, "{name} sends nothing to anybody");
    let routes = groups.into_iter().map(|group| {
        let port = group.service_port.parse();
        Ok(Route {
            port: Port::Number(port.with_context(|| format!("{} is no port", group.service_port))?),
            service: group.service_name,
            weight: group.weight,
            sticky,
        })
    });
    routes.collect()
}

/// What each pod gets of the requests: an equal part of what its Service gets, among those of its
/// pods that are not `down`. As at AWS, where a weight is that of a target group.
pub(super) fn shares(
    routes: &[(Route, BTreeSet<SocketAddrV4>)],
    down: &BTreeSet<SocketAddrV4>,
) -> BTreeMap<SocketAddrV4, (String, u32)> {
    let mut shares = BTreeMap::new();
    for (route, pods) in routes {
        let up = pods.difference(down).count();
        let count = if up > 0 { up } else { pods.len() };
        let count = u32::try_from(count).unwrap_or(MOST).max(1);
        // One that gets a little gets something.
        let share = (route.weight * FINER).div_ceil(count).min(MOST);
        for pod in pods {
            shares.insert(*pod, (route.service.clone(), share));
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn ingress(port: &str, annotations: &Value) -> Ingress {
        let service = json!({ "name": "page", "port": { "name": port } });
        let path = json!({ "path": "/", "pathType": "Prefix", "backend": { "service": service } });
        let ingress = json!({
            "metadata": { "name": "page", "annotations": annotations },
            "spec": { "rules": [{ "host": "a.example.com", "http": { "paths": [path] } }] },
        });
        serde_json::from_value(ingress).unwrap()
    }

    /// Where an action forwards to.
    fn by_action(forward: &Value) -> Vec<Route> {
        let action = json!({ "Type": "forward", "ForwardConfig": forward }).to_string();
        let annotations = json!({ "alb.ingress.kubernetes.io/actions.page": action });
        of(&ingress(BY_ACTION, &annotations)).unwrap()
    }

    #[test]
    fn requests_go_to_the_service_that_is_named_or_to_those_of_the_action() {
        let [route] = &of(&ingress("http", &json!({}))).unwrap()[..] else {
            panic!("one Service is named")
        };
        assert_eq!(
            (route.service.as_str(), &route.port),
            ("page", &Port::Name("http".to_owned()))
        );

        let none = of(&ingress(BY_ACTION, &json!({}))).unwrap_err().to_string();
        assert!(none.contains("actions.page"), "{none}");

        let group =
            |name: &str, weight: u32| json!({ "ServiceName": name, "ServicePort": "80", "Weight": weight });
        let groups = json!([group("page-pong", 10), group("page-ping", 90)]);
        let routes = by_action(&json!({ "TargetGroups": groups }));
        let said: Vec<_> = routes
            .iter()
            .map(|it| (it.service.as_str(), &it.port, it.weight))
            .collect();
        let port = &Port::Number(80);
        assert_eq!(said, [("page-pong", port, 10), ("page-ping", port, 90)]);
    }

    #[test]
    fn a_visitor_keeps_to_a_service_where_the_action_says_so() {
        let group = json!({ "ServiceName": "page", "ServicePort": "80", "Weight": 100 });
        let sticky = |enabled: bool| {
            let stickiness = json!({ "Enabled": enabled, "DurationSeconds": 15 });
            let forward = json!({ "TargetGroups": [group], "TargetGroupStickinessConfig": stickiness });
            by_action(&forward)[0].sticky
        };
        assert!(sticky(true) && !sticky(false));
        assert!(!by_action(&json!({ "TargetGroups": [group] }))[0].sticky);
    }

    #[test]
    fn the_pods_of_a_service_share_what_it_gets() {
        let route = |service: &str, weight| Route {
            service: service.to_owned(),
            port: Port::Number(80),
            weight,
            sticky: false,
        };
        let pod = |last: u8| SocketAddrV4::new([10, 0, 0, last].into(), 8080);
        let canary = (route("canary", 10), BTreeSet::from([pod(1)]));
        let stable = (route("stable", 90), BTreeSet::from([pod(2), pod(3)]));
        let routes = [canary, stable];
        let shared = |down: &[u8]| {
            let down = down.iter().map(|last| pod(*last)).collect();
            let shares = shares(&routes, &down);
            [1, 2, 3].map(|last| shares[&pod(last)].1)
        };
        assert_eq!(shared(&[]), [20, 90, 90]);
        // The balancer itself gives none to those that are down.
        assert_eq!(shared(&[3]), [20, 180, 180]);
        assert_eq!(shared(&[2, 3]), [20, 90, 90]);
    }
}
