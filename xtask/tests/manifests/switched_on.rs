//! All add-ons, turned on in a copy of this checkout as a person turns them on, keep every rule.

use std::path::Path;
use std::process::Command;

use crate::addons::{AUTOSCALER, all_on, servers, with_components, without_replicas};
use crate::canary::CANARY;
use crate::generated::{change, copy, said};
use crate::render::{OTHER_ROOT, is_generated};
use crate::{PROJECT, environments};

/// The text of a server's overlay with what add-ons bring: people come to the last server by a
/// load balancer, to a few pods first where nobody has to verify that, and the others are scaled.
fn with_add_ons(app: &str, environment: &str, text: &str) -> String {
    let (last, _) = servers().last().expect("there is a server");
    if app != last {
        return with_components(&without_replicas(text), &[AUTOSCALER]);
    }
    let ingress = format!("load-balancer/{environment}");
    let verifies = PROJECT.environment(environment).expect("it is one").verifies();
    if verifies {
        return with_components(text, &[&ingress]);
    }
    let text = with_components(&without_replicas(text), &[&ingress, CANARY]);
    format!("{text}replicas:\n  - name: {app}\n    count: 0\n")
}

fn turn_on(checkout: &Path) {
    let infra = checkout.join("infra");
    for environment in environments() {
        let path = format!("apps/overlays/{environment}/kustomization.yaml");
        change(&infra.join(path), all_on);
    }
    for (app, environment) in servers() {
        let path = format!("{app}/overlays/{environment}/kustomization.yaml");
        change(&infra.join(path), |text| with_add_ons(app, environment, text));
    }
    change(&infra.join("addons/argocd/kustomization.yaml"), |text| {
        text.replace("  # - ../", "  - ../")
    });
}

#[test]
fn add_ons_that_are_on_keep_every_rule() {
    if is_generated() {
        return;
    }
    let folder = tempfile::tempdir().expect("make a folder");
    copy(folder.path());
    turn_on(folder.path());
    let mut rules = Command::new(std::env::current_exe().expect("find this program"));
    let said = said(rules.env(OTHER_ROOT, folder.path()));
    for ran in [
        "every_rule_is_kept_everywhere",
        "what_lines_of_add_ons_bring_to_apps_is_allowed_too",
    ] {
        assert!(said.contains(&format!("{ran} ... ok")), "{said}");
    }
}
