//! Rules for everything that runs: who it is, what it may do, how it starts and ends.

use serde_json::{Value, json};

use crate::object::{Object, find, of_kind};
use crate::render::{ALL, account_and_region, environment, local_overlay};
use crate::{APPLICATIONS, ENVIRONMENTS, NAMESPACE};

/// All objects of both environments, on AWS and in the e2e.
fn everything() -> Vec<Object> {
    let local = ENVIRONMENTS.iter().flat_map(|environment| {
        APPLICATIONS
            .iter()
            .flat_map(|name| local_overlay(name, environment).to_vec())
    });
    ENVIRONMENTS
        .iter()
        .flat_map(|name| environment(name))
        .chain(local)
        .collect()
}

/// What starts pods, with its pod template.
fn workloads() -> Vec<(Object, Object)> {
    let found: Vec<_> = everything()
        .into_iter()
        .filter_map(|object| Some((object.clone(), object.template()?)))
        .collect();
    assert_eq!(
        found.len(),
        12,
        "backend, its migration and frontend, in two environments, on AWS and in the e2e"
    );
    found
}

fn deployments() -> Vec<(Object, Object)> {
    workloads()
        .into_iter()
        .filter(|(object, _)| object.kind() == "Deployment")
        .collect()
}

#[test]
fn every_object_says_what_it_is_and_what_it_belongs_to() {
    let check = |object: &Object, id: &str| {
        for label in ["app.kubernetes.io/name", "app.kubernetes.io/part-of"] {
            let value = object.at("/metadata/labels").get(label).and_then(Value::as_str);
            assert!(
                value.is_some_and(|value| !value.is_empty()),
                "{id} lacks the label {label}"
            );
        }
    };
    for (folder, rendering) in ALL.iter() {
        for object in &rendering.objects {
            check(object, &format!("{folder}: {}", object.id()));
            if let Some(template) = object.template() {
                check(&template, &format!("{folder}: the pods of {}", object.id()));
            }
        }
    }
}

#[test]
fn every_object_names_its_namespace() {
    for object in everything() {
        let expected = if object.kind() == "Namespace" {
            ""
        } else {
            NAMESPACE
        };
        assert_eq!(object.text("/metadata/namespace"), expected, "{}", object.id());
    }
}

#[test]
fn every_image_comes_from_one_registry_by_digest() {
    let (account, region) = account_and_region();
    assert!(
        account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()),
        "{account}"
    );
    for (object, template) in workloads() {
        for container in template.containers() {
            let image = container.text("/image");
            let (name, digest) = image
                .split_once("@sha256:")
                .unwrap_or_else(|| panic!("{image} has no digest"));
            assert!(
                digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{image}"
            );
            let app = container.text("/name");
            let expected = format!("{account}.dkr.ecr.{region}.amazonaws.com/gitops-loop/{app}");
            assert_eq!(name, expected, "image of {}", object.id());
        }
    }
}

#[test]
fn every_container_states_what_it_needs_and_what_it_may_take() {
    for (object, template) in workloads() {
        for container in template.containers() {
            for field in ["requests/cpu", "requests/memory", "limits/cpu", "limits/memory"] {
                assert!(
                    container.at(&format!("/resources/{field}")).is_string(),
                    "{} lacks {field}",
                    object.id()
                );
            }
        }
    }
}

#[test]
fn every_pod_meets_the_restricted_profile_with_a_read_only_root() {
    for (object, template) in workloads() {
        let id = object.id();
        let pod = template.at("/spec/securityContext");
        assert_eq!(pod["runAsNonRoot"], true, "{id}");
        assert_eq!(pod["seccompProfile"]["type"], "RuntimeDefault", "{id}");
        assert_ne!(pod["runAsUser"].as_u64().unwrap_or_default(), 0, "{id}");
        for forbidden in ["hostNetwork", "hostPID", "hostIPC", "volumes"] {
            assert!(
                template.at("/spec").get(forbidden).is_none(),
                "{id} has {forbidden}"
            );
        }
        for container in template.containers() {
            let expected = json!({
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            });
            assert_eq!(*container.at("/securityContext"), expected, "{id}");
            let ports = container.list("/ports");
            assert!(
                ports.iter().all(|port| port.get("hostPort").is_none()),
                "{id} has a port of the host"
            );
        }
    }
}

#[test]
fn the_namespace_enforces_that_profile_at_a_pinned_version() {
    for name in ENVIRONMENTS {
        let objects = environment(name);
        let labels = find(&objects, "Namespace", NAMESPACE).at("/metadata/labels");
        for mode in ["enforce", "audit", "warn"] {
            assert_eq!(labels[format!("pod-security.kubernetes.io/{mode}")], "restricted");
            let version = labels[format!("pod-security.kubernetes.io/{mode}-version")]
                .as_str()
                .unwrap_or_default();
            assert!(version.starts_with("v1."), "{mode}-version is {version:?}");
        }
    }
}

#[test]
fn every_pod_has_an_account_of_its_own_and_no_access_to_kubernetes() {
    for name in ENVIRONMENTS {
        let objects = environment(name);
        let mut accounts = Vec::new();
        for object in &objects {
            let Some(template) = object.template() else {
                continue;
            };
            let account = template.text("/spec/serviceAccountName");
            assert_eq!(
                find(&objects, "ServiceAccount", account).at("/automountServiceAccountToken"),
                false
            );
            assert_eq!(
                *template.at("/spec/automountServiceAccountToken"),
                Value::Null,
                "set on the account only"
            );
            accounts.push(account.to_owned());
        }
        accounts.sort();
        assert_eq!(accounts, ["backend", "backend-migrate", "frontend"]);
    }
}

#[test]
fn every_server_tells_started_live_and_ready_apart() {
    for (object, template) in deployments() {
        for container in template.containers() {
            for (probe, path) in [
                ("startup", "/healthz"),
                ("liveness", "/healthz"),
                ("readiness", "/readyz"),
            ] {
                let get = container.at(&format!("/{probe}Probe/httpGet"));
                assert_eq!(
                    *get,
                    json!({"path": path, "port": "http"}),
                    "{probe} of {}",
                    object.id()
                );
            }
            // A rollout waits for these two; each second counts in the time from merge to live.
            for probe in ["startup", "readiness"] {
                assert_eq!(
                    *container.at(&format!("/{probe}Probe/periodSeconds")),
                    1,
                    "{probe} of {}",
                    object.id()
                );
            }
            let named = container.list("/ports").iter().any(|port| port["name"] == "http");
            assert!(named, "{} has no port `http`", object.id());
        }
    }
}

#[test]
fn a_rollout_loses_no_request() {
    for (object, template) in deployments() {
        assert_eq!(
            *object.at("/spec/strategy/rollingUpdate/maxUnavailable"),
            0,
            "{}",
            object.id()
        );
        let grace = template
            .at("/spec/terminationGracePeriodSeconds")
            .as_u64()
            .unwrap_or(30);
        for container in template.containers() {
            let sleep = container
                .at("/lifecycle/preStop/sleep/seconds")
                .as_u64()
                .unwrap_or_default();
            assert!(sleep >= 2, "{} stops while traffic still comes", object.id());
            assert!(
                grace >= sleep + 15,
                "{}: {grace} s leave no time to drain after {sleep} s",
                object.id()
            );
        }
    }
}

#[test]
fn a_drain_of_a_node_never_hangs_and_never_takes_all() {
    for name in ENVIRONMENTS {
        let objects = environment(name);
        let budgets = of_kind(&objects, "PodDisruptionBudget");
        for deployment in of_kind(&objects, "Deployment") {
            let template = deployment.template().expect("a Deployment has a template");
            let mine: Vec<_> = budgets
                .iter()
                .filter(|budget| budget.selects("/spec/selector/matchLabels", &template))
                .collect();
            let [budget] = mine[..] else {
                panic!("{} budgets for {}", mine.len(), deployment.id())
            };
            assert_eq!(
                budget.at("/spec/minAvailable"),
                &Value::Null,
                "{}: count what may go",
                budget.id()
            );
            assert_eq!(*budget.at("/spec/maxUnavailable"), 1, "{}", budget.id());
        }
        if name == "production" {
            let few = |deployment: &&Object| deployment.at("/spec/replicas").as_u64() < Some(2);
            assert!(
                !of_kind(&objects, "Deployment").iter().any(few),
                "one replica in production is an outage"
            );
        }
    }
}
