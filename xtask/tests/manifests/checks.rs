//! Checks of releases: the example that apps copy, and all that an overlay has.

use crate::faults;
use crate::object::{Object, of_kind};
use crate::render::{self, ALL, parse};

type Rule = fn(&[Object]) -> Vec<String>;

/// The example and what lies in overlays.
fn all() -> Vec<(String, Vec<Object>)> {
    let example = "infra/verifier/checks/frontend.yaml";
    let overlays = ALL.iter().map(|(folder, rendering)| {
        let objects = parse(&rendering.text, folder);
        (folder.clone(), objects)
    });
    let all = overlays.chain([(example.to_owned(), render::file(example))]);
    let checks = all.map(|(from, objects)| {
        let checks = objects.into_iter().filter(Object::is_check);
        (from, checks.collect())
    });
    checks
        .filter(|(_, checks): &(_, Vec<Object>)| !checks.is_empty())
        .collect()
}

#[test]
fn a_check_is_as_confined_as_an_app() {
    let rules: [Rule; 8] = [
        faults::labels,
        faults::requests_and_limits,
        faults::limited_storage,
        faults::not_root,
        faults::read_only_root,
        faults::no_capability,
        faults::seccomp,
        faults::nothing_of_the_host,
    ];
    for (from, checks) in all() {
        let faults: Vec<_> = rules.iter().flat_map(|rule| rule(&checks)).collect();
        assert!(faults.is_empty(), "{from}:\n{}", faults.join("\n"));
    }
}

#[test]
fn a_check_has_its_image_by_digest_and_no_token_of_the_cluster() {
    for (from, checks) in all() {
        for pod in checks.iter().filter_map(Object::template) {
            let token = pod.at("/spec/automountServiceAccountToken");
            assert_eq!(*token, false, "{from}: the default account has a token");
            for container in pod.containers() {
                let image = container.text("/image");
                let digest = image.split_once("@sha256:").map(|(_, digest)| digest.len());
                assert_eq!(digest, Some(64), "{from}: {image}");
            }
        }
    }
}

#[test]
fn what_a_check_finds_is_for_the_verifier_and_not_for_argo_cd() {
    let mut seen = 0;
    for (from, checks) in all() {
        for check in of_kind(&checks, "CronJob") {
            seen += 1;
            let annotations = check.at("/metadata/annotations");
            assert_eq!(
                annotations["argocd.argoproj.io/ignore-healthcheck"], "true",
                "{from}"
            );
            // The verifier finds its runs by these.
            let labels = check.at("/spec/jobTemplate/metadata/labels");
            assert_eq!(labels, check.at("/metadata/labels"), "{from}");
        }
    }
    assert!(seen > 0);
}
