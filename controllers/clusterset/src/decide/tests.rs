//! Each rule of the module above, and what it must never do.

use std::collections::BTreeSet;

use super::*;
use crate::cluster::tests::cluster;
use crate::cluster::{ENVIRONMENT, TARGET};
use crate::registration::tests::settings;

fn target(name: &str) -> Cluster {
    cluster(name, &[(TARGET, "true"), (ENVIRONMENT, "production")])
}

fn secret_of(name: &str) -> Registration {
    Registration::of(&target(name), &settings()).unwrap()
}

fn seen(clusters: &[Cluster], gone: &[&str]) -> Observation {
    Observation {
        clusters: clusters.to_vec(),
        gone: gone.iter().map(ToString::to_string).collect(),
        doubts: Vec::new(),
    }
}

fn removed(decision: &Decision) -> BTreeSet<&str> {
    let removed = decision.actions.iter().filter_map(|action| match action {
        Action::Remove { cluster, .. } => Some(cluster.as_str()),
        Action::Apply { .. } => None,
    });
    removed.collect()
}

fn applied(decision: &Decision) -> Vec<&str> {
    let applied = decision.actions.iter().filter_map(|action| match action {
        Action::Apply { secret, .. } => secret.cluster(),
        Action::Remove { .. } => None,
    });
    applied.collect()
}

fn kept(decision: &Decision) -> Vec<&str> {
    decision.kept.iter().map(|kept| kept.cluster.as_str()).collect()
}

fn is_quiet(decision: &Decision) -> bool {
    decision.actions.is_empty() && decision.kept.is_empty() && decision.refused.is_empty()
}

#[test]
fn a_tagged_cluster_gets_a_secret_and_another_does_not() {
    let seen = seen(&[target("green"), target("blue"), cluster("other", &[])], &[]);
    let decision = decide(&seen, &[], &settings());
    assert_eq!(applied(&decision), ["blue", "green"]);
    assert_eq!(decision.actions.len(), 2);
}

#[test]
fn what_is_as_it_should_be_is_left_alone() {
    let decision = decide(&seen(&[target("blue")], &[]), &[secret_of("blue")], &settings());
    assert!(is_quiet(&decision), "{decision:?}");
}

#[test]
fn a_secret_that_was_changed_is_written_again() {
    let mut changed = secret_of("blue");
    changed.labels.remove(ENVIRONMENT);
    let decision = decide(&seen(&[target("blue")], &[]), &[changed], &settings());
    assert_eq!(applied(&decision), ["blue"]);
}

#[test]
fn a_cluster_that_is_not_active_keeps_its_secret_and_gets_none() {
    for status in ["CREATING", "UPDATING", "DELETING", "FAILED", "PENDING"] {
        let away = Cluster {
            status: status.to_owned(),
            endpoint: String::new(),
            ..target("blue")
        };
        let seen = seen(&[away, target("green")], &[]);
        let with = decide(&seen, &[secret_of("blue"), secret_of("green")], &settings());
        assert!(
            with.actions.is_empty() && kept(&with) == ["blue"],
            "{status}: {with:?}"
        );
        let without = decide(&seen, &[secret_of("green")], &settings());
        assert!(is_quiet(&without), "{status}: {without:?}");
    }
}

#[test]
fn a_lost_tag_changes_nothing_and_is_told() {
    let secrets = [secret_of("blue"), secret_of("green")];
    let tags: [&[(&str, &str)]; 3] = [&[], &[(TARGET, "true")], &[(ENVIRONMENT, "production")]];
    for tags in tags {
        let seen = seen(&[cluster("blue", tags), target("green")], &[]);
        let decision = decide(&seen, &secrets, &settings());
        assert!(decision.actions.is_empty(), "{tags:?}: {decision:?}");
        assert!(
            decision.kept[0].why.contains("gitops-loop/target=false"),
            "{decision:?}"
        );
    }
}

#[test]
fn a_tag_of_another_environment_moves_nothing_until_the_secret_is_gone() {
    let moved = cluster("blue", &[(TARGET, "true"), (ENVIRONMENT, "staging")]);
    let seen = seen(&[moved], &[]);
    let decision = decide(&seen, &[secret_of("blue")], &settings());
    assert_eq!(kept(&decision), ["blue"]);
    assert!(decision.actions.is_empty(), "{decision:?}");
    let why = &decision.kept[0].why;
    assert!(
        why.contains("says staging") && why.contains("of production"),
        "{why}"
    );
    // Neither by a label that somebody has changed in the hub, nor with a Secret of a version that
    // noted no environment.
    let mut changed = secret_of("blue");
    changed
        .labels
        .insert(ENVIRONMENT.to_owned(), "staging".to_owned());
    assert_eq!(kept(&decide(&seen, &[changed], &settings())), ["blue"]);
    let mut older = secret_of("blue");
    older.annotations.remove(ENVIRONMENT);
    assert_eq!(kept(&decide(&seen, &[older], &settings())), ["blue"]);
    assert_eq!(applied(&decide(&seen, &[], &settings())), ["blue"]);
}

#[test]
fn a_label_of_another_environment_is_written_again() {
    let mut changed = secret_of("blue");
    changed
        .labels
        .insert(ENVIRONMENT.to_owned(), "staging".to_owned());
    let decision = decide(&seen(&[target("blue")], &[]), &[changed], &settings());
    assert_eq!(applied(&decision), ["blue"]);
    assert!(decision.kept.is_empty(), "{decision:?}");
}

#[test]
fn a_tag_that_says_false_takes_the_secret_whole() {
    let seen = seen(&[cluster("blue", &[(TARGET, "false")]), target("green")], &[]);
    let decision = decide(&seen, &[secret_of("blue"), secret_of("green")], &settings());
    assert_eq!(removed(&decision), BTreeSet::from(["blue"]));
    assert!(applied(&decision).is_empty(), "no label is taken away first");
}

#[test]
fn a_cluster_that_is_gone_loses_its_secret() {
    let seen = seen(&[target("green")], &["blue"]);
    let decision = decide(&seen, &[secret_of("blue"), secret_of("green")], &settings());
    assert_eq!(removed(&decision), BTreeSet::from(["blue"]));
}

#[test]
fn one_in_a_pass_and_the_others_later() {
    let clusters = [cluster("out", &[(TARGET, "false")]), target("green")];
    let mut secrets: Vec<_> = ["blue", "green", "out", "red"].map(secret_of).to_vec();
    let seen = seen(&clusters, &["blue", "red"]);
    let mut order = Vec::new();
    for _ in 0..4 {
        let decision = decide(&seen, &secrets, &settings());
        let gone = removed(&decision);
        assert!(gone.len() <= 1, "{decision:?}");
        order.extend(gone.iter().map(ToString::to_string));
        secrets.retain(|secret| !gone.contains(secret.cluster().unwrap()));
    }
    assert_eq!(order, ["out", "blue", "red"]);
}

#[test]
fn nothing_is_removed_when_the_list_failed_was_empty_or_has_holes() {
    let secrets = [secret_of("blue"), secret_of("green")];
    let empty = seen(&[], &["blue", "green"]);
    let failed = Observation {
        doubts: vec!["ListClusters: AccessDenied".to_owned()],
        ..empty.clone()
    };
    let holes = Observation {
        doubts: vec!["describe red: throttled".to_owned()],
        ..seen(&[target("green"), cluster("blue", &[(TARGET, "false")])], &[])
    };
    for seen in [empty, failed, holes] {
        let decision = decide(&seen, &secrets, &settings());
        assert!(removed(&decision).is_empty(), "{seen:?}: {decision:?}");
        assert!(kept(&decision).contains(&"blue"), "{decision:?}");
    }
}

#[test]
fn a_cluster_that_is_only_missing_from_the_list_keeps_its_secret() {
    let seen = seen(&[target("green")], &[]);
    let decision = decide(&seen, &[secret_of("blue"), secret_of("green")], &settings());
    assert!(
        decision.actions.is_empty() && kept(&decision) == ["blue"],
        "{decision:?}"
    );
}

#[test]
fn in_another_account_nothing_is_gone() {
    let mut elsewhere = target("green");
    elsewhere.arn = elsewhere.arn.replace("000000000000", "111111111111");
    let decision = decide(&seen(&[elsewhere], &["blue"]), &[secret_of("blue")], &settings());
    assert!(removed(&decision).is_empty(), "{decision:?}");
    assert!(decision.kept[0].why.contains("another account"), "{decision:?}");
}

#[test]
fn a_cluster_of_the_same_name_in_another_account_takes_no_ones_place() {
    for mut elsewhere in [target("blue"), cluster("blue", &[(TARGET, "false")])] {
        elsewhere.arn = elsewhere.arn.replace("000000000000", "111111111111");
        let decision = decide(&seen(&[elsewhere], &[]), &[secret_of("blue")], &settings());
        assert!(decision.actions.is_empty(), "{decision:?}");
        assert!(decision.kept[0].why.contains("another account"), "{decision:?}");
    }
}

#[test]
fn a_list_with_holes_still_adds() {
    let mut seen = seen(&[target("blue")], &[]);
    seen.doubts.push("describe red: throttled".to_owned());
    assert_eq!(applied(&decide(&seen, &[], &settings())), ["blue"]);
}

#[test]
fn secrets_of_others_are_never_touched() {
    let mut foreign = secret_of("blue");
    foreign.labels.remove("app.kubernetes.io/managed-by");
    let gone = decide(
        &seen(&[target("green")], &["blue"]),
        &[foreign.clone(), secret_of("green")],
        &settings(),
    );
    assert!(is_quiet(&gone), "{gone:?}");
    let taken = decide(&seen(&[target("blue")], &[]), &[foreign], &settings());
    assert!(taken.actions.is_empty(), "{taken:?}");
    assert!(matches!(taken.refused[0].why, Refusal::NameTaken(_)), "{taken:?}");
}

#[test]
fn two_secrets_never_stand_for_one_address() {
    let mut twin = target("green");
    twin.endpoint = target("blue").endpoint;
    let both = decide(&seen(&[target("blue"), twin.clone()], &[]), &[], &settings());
    assert_eq!(applied(&both), ["blue"]);
    assert!(
        matches!(both.refused[0].why, Refusal::AddressTaken { .. }),
        "{both:?}"
    );
    let mut by_hand = secret_of("blue");
    by_hand.name = "made-by-hand".to_owned();
    by_hand.labels.remove("app.kubernetes.io/managed-by");
    let late = decide(&seen(&[twin], &[]), &[by_hand], &settings());
    assert!(late.actions.is_empty() && late.refused.len() == 1, "{late:?}");
}

#[test]
fn argo_cd_looks_again_when_standing_by_ends() {
    let standby = Secrets {
        standby: true,
        ..settings()
    };
    let asleep = Registration::of(&target("blue"), &standby).unwrap();
    let wakes = |settings: &Secrets, found: &Registration| {
        let decision = decide(
            &seen(&[target("blue")], &[]),
            std::slice::from_ref(found),
            settings,
        );
        matches!(decision.actions[..], [Action::Apply { wakes: true, .. }])
    };
    assert!(wakes(&settings(), &asleep));
    assert!(!wakes(&standby, &secret_of("blue")));
}
