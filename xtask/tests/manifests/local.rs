//! The e2e gets what AWS gets, apart from a short list.

use std::collections::BTreeSet;

use serde_json::json;

use crate::object::{Object, differences, find};
use crate::render::{ALL, file, local_overlay, overlay};
use crate::{PROJECT, applications, environments, plain};

/// Everything by which the e2e's clusters differ from those on AWS. `*` stands for each field
/// below.
#[rustfmt::skip]
const DIFFERENCES: &[&str] = &[
    "AppProject/message-board/spec/sourceRepos/0",
    "Application/*/metadata/annotations/argocd.argoproj.io/manifest-generate-paths",
    "Application/*/spec/source/kustomize/components/0", // wing: sample
    "Application/*/spec/source/repoURL",
    "Deployment/backend/spec/template/spec/containers/backend/env/AWS_*", // wing: sample
    "Job/backend-migrate/spec/template/spec/containers/backend/env/AWS_*", // wing: sample
    "NetworkPolicy/local-aws/*", // wing: sample
    "NetworkPolicy/local-node-port/*", // wing: sample
    "Service/*/spec/ports/http/nodePort", // wing: sample
    "Service/*/spec/type", // wing: sample
];

pub(crate) fn matches(pattern: &str, place: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == place,
        Some((start, end)) => place.starts_with(start) && place.ends_with(end),
    }
}

#[test]
fn the_e2e_differs_from_aws_in_the_listed_places_and_nowhere_else() {
    for name in environments() {
        let join = |objects: Vec<Object>, apps: &[Object]| [objects, apps.to_vec()].concat();
        let local = applications().flat_map(|app| plain::local_overlay(app, name).to_vec());
        let local = join(local.collect(), plain::local_apps(name));
        let aws = join(plain::environment(name), plain::apps(name));
        let found = differences(&aws, &local);
        let unlisted: BTreeSet<_> = found
            .iter()
            .filter(|place| !DIFFERENCES.iter().any(|pattern| matches(pattern, place)))
            .collect();
        assert!(unlisted.is_empty(), "{unlisted:#?}");
        for pattern in DIFFERENCES {
            assert!(
                found.iter().any(|place| matches(pattern, place)),
                "{pattern} is listed but does not differ"
            );
        }
        // wing: sample
        let changed = ["AWS_REGION/name", "AWS_REGION/value"].map(|end| format!("env/{end}"));
        assert!(
            !found
                .iter()
                .any(|place| changed.iter().any(|end| place.ends_with(end))),
            "the region is AWS's own"
        );
        // end of wing
    }
}

#[test]
fn ports_of_the_node_are_opened_in_the_e2e_only() {
    for environment in environments() {
        for app in PROJECT.apps().iter().filter(|app| app.node_port().is_some()) {
            let (name, port) = (app.name(), app.node_port());
            let service = find(local_overlay(name, environment), "Service", name);
            // The e2e maps it to a port of its own host.
            assert_eq!(*service.at("/spec/ports/0/nodePort"), json!(port), "{name}");
            assert_eq!(service.text("/spec/type"), "NodePort");
            let service = find(overlay(name, environment), "Service", name);
            assert!(
                service.at("/spec/type").is_null(),
                "{} is reachable past the load balancer",
                service.id()
            );
        }
    }
}

// wing: sample
#[test]
fn server_and_migration_talk_to_the_proxy_in_the_e2e_only_and_have_no_keys() {
    for environment in environments() {
        let variables = |objects: &[Object], kind, name| {
            let template = find(objects, kind, name).template().expect("starts pods");
            template.containers()[0].env()
        };
        for (kind, name) in [("Deployment", "backend"), ("Job", "backend-migrate")] {
            let local = variables(local_overlay("backend", environment), kind, name);
            assert_eq!(local["AWS_ENDPOINT_URL"], "http://gitops-loop-iam-proxy:4567");
            let aws = variables(overlay("backend", environment), kind, name);
            assert!(!aws.contains_key("AWS_ENDPOINT_URL"), "AWS has its own address");
            for absent in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ROLE_ARN"] {
                assert!(!aws.contains_key(absent), "{absent} is set for AWS");
                assert!(!local.contains_key(absent), "{absent} is set for the e2e");
            }
        }
    }
}
// end of wing

// wing: sample
/// The emulator's own port would be a way past what judges them.
#[test]
fn the_backend_reaches_the_proxy_and_no_other_port_more_than_on_aws() {
    for environment in environments() {
        let policy = find(
            local_overlay("platform", environment),
            "NetworkPolicy",
            "local-aws",
        );
        let ports = json!([{ "ports": [{ "protocol": "TCP", "port": 4567 }] }]);
        assert_eq!(*policy.at("/spec/egress"), ports, "{environment}");
    }
}
// end of wing

#[test]
fn what_is_no_pod_reaches_the_backend_in_the_e2e() {
    let kind = file("infra/local/kind.yaml");
    let argument = format!(
        "--service-cluster-ip-range={}",
        kind[0].text("/networking/serviceSubnet")
    );
    let router = file("infra/local/kube-router.yaml");
    let arguments = find(&router, "DaemonSet", "kube-router").list("/spec/template/spec/containers/0/args");
    assert!(arguments.contains(&json!(argument)), "{arguments:?}");
}

#[test]
fn aws_gets_none_of_the_volume_of_the_e2e() {
    let efs = file("infra/local/efs.yaml");
    for (folder, rendering) in &*ALL {
        let own = rendering
            .objects
            .iter()
            .find(|object| efs.iter().any(|local| local.kind() == object.kind()));
        assert!(own.is_none(), "{folder} brings {}", own.expect("one").id());
    }
}

// wing: generators
#[test]
fn the_claim_of_a_worker_gets_a_volume_in_the_e2e() {
    let efs = file("infra/local/efs.yaml");
    let volume = find(&efs, "PersistentVolume", "efs");
    let claim = &file("tools/generators/templates/app/worker/infra/app-name/base/volume.yaml")[0];
    let class = claim.text("/spec/storageClassName");
    find(&efs, "StorageClass", class);
    assert_eq!(volume.text("/spec/storageClassName"), class);
    assert_eq!(volume.at("/spec/accessModes"), claim.at("/spec/accessModes"));
    let (asked, capacity) = ("/spec/resources/requests/storage", "/spec/capacity/storage");
    assert_eq!(volume.at(capacity), claim.at(asked), "it is too small, or waste");
}
// end of wing
