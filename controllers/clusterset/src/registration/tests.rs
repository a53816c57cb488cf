//! What a Secret says, and whom it is refused to.

use super::*;
use crate::cluster::tests::cluster;
use crate::cluster::{ENVIRONMENT, TARGET};

/// As on AWS.
pub(crate) fn settings() -> Secrets {
    Secrets {
        target_namespaces: "message-board".to_owned(),
        standby: false,
        target_role_prefix: "argo-cd-hub-".to_owned(),
    }
}

fn blue() -> Cluster {
    cluster("blue", &[(TARGET, "true"), (ENVIRONMENT, "production")])
}

fn config(registration: &Registration) -> serde_json::Value {
    serde_json::from_str(&registration.data["config"]).unwrap()
}

#[test]
fn a_secret_has_the_role_of_its_cluster_and_no_other() {
    let secret = Registration::of(&blue(), &settings()).unwrap();
    let login = &config(&secret)["awsAuthConfig"];
    assert_eq!(login["clusterName"], "blue");
    assert_eq!(
        login["roleARN"],
        "arn:aws:iam::000000000000:role/argo-cd-hub-blue"
    );
    assert_eq!(
        config(&secret)["tlsClientConfig"],
        json!({"insecure": false, "caData": "Q0E="})
    );
    assert_eq!(secret.labels[SECRET_TYPE], "cluster");
    assert_eq!(secret.labels[ENVIRONMENT], "production");
    assert_eq!(secret.data["server"], "https://blue.example.invalid");
    assert!(secret.is_ours() && !secret.stands_by());
}

#[test]
fn a_cluster_without_address_or_room_for_its_role_is_refused() {
    let mut unborn = blue();
    unborn.endpoint.clear();
    assert!(matches!(
        Registration::of(&unborn, &settings()),
        Err(Refusal::NoAddress)
    ));
    let long = cluster(&"x".repeat(60), &[]);
    assert!(matches!(
        Registration::of(&long, &settings()),
        Err(Refusal::RoleTooLong { .. })
    ));
}

#[test]
fn names_that_kubernetes_does_not_take_stay_apart() {
    assert_eq!(secret_name("blue-1"), "cluster-blue-1");
    let names = ["Blue", "BLUE", "bl_ue", "bl-ue", "blue_", "blue-"].map(secret_name);
    let different: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
    for name in names {
        assert!(
            name.chars()
                .all(|c| c == '-' || c.is_ascii_digit() || c.is_ascii_lowercase()),
            "{name}"
        );
    }
}

#[test]
fn what_others_add_is_no_difference_and_a_lost_tag_is_one() {
    let wanted = Registration::of(&blue(), &settings()).unwrap();
    let mut found = wanted.clone();
    found.labels.insert("team".to_owned(), "a".to_owned());
    assert!(wanted.is_in(&found));
    found
        .labels
        .insert("gitops-loop/colour".to_owned(), "blue".to_owned());
    assert!(!wanted.is_in(&found));
    assert_eq!(wanted.excess(&found), ["gitops-loop/colour"]);
}

#[test]
fn no_label_by_which_clusters_are_selected_is_in_excess() {
    let wanted = Registration::of(&blue(), &settings()).unwrap();
    let mut found = wanted.clone();
    found.labels.insert(ENVIRONMENT.to_owned(), "staging".to_owned());
    assert!(wanted.excess(&found).is_empty());
}

#[test]
fn standing_by_is_written_and_taken_back_in_words() {
    let of = |standby| {
        Registration::of(
            &blue(),
            &Secrets {
                standby,
                ..settings()
            },
        )
        .unwrap()
    };
    assert!(of(true).stands_by() && !of(false).stands_by());
    assert!(!of(false).is_in(&of(true)) && !of(true).is_in(&of(false)));
}
