//! Which of the open pull requests are CI's, and that none is overlooked, however the forge lists
//! them.

use serde_json::{Value, json};

use super::paged::{EACH, Forge, Says, own, pull};
use crate::ci::propose::Outcome;
use crate::ci::tests::Repository;
use crate::ci::tests::propose::branch;
use crate::environment::project;

/// What people who are not CI may have open under the name of CI's branch.
fn strangers(branch: &str) -> Vec<Value> {
    let fork = json!({ "id": 8, "full_name": "stranger/Name" });
    vec![
        pull(11, branch, "master", &fork),
        // The fork was deleted.
        pull(12, branch, "master", &Value::Null),
        // A fork may be called as the repository once was.
        pull(
            13,
            branch,
            "master",
            &json!({ "id": 9, "full_name": "owner/name" }),
        ),
        pull(14, branch, "feature", &own()),
        pull(15, branch, "production", &own()),
        pull(16, branch, "master", &json!({ "full_name": "stranger/name" })),
    ]
}

#[test]
fn what_strangers_propose_under_the_name_of_ci_is_not_taken_for_its_own() {
    let repository = Repository::new();
    let commit = repository.change("new");
    let name = format!("release/staging-{}", &commit[..10]);
    let forge = Forge::start(50, Says::Link);
    let strangers = strangers(&name);
    forge.kept.lock().unwrap().pulls.clone_from(&strangers);
    let outcome = forge.propose(&repository, &[&commit]).unwrap();
    assert_eq!(branch(&outcome), name);
    let Outcome::Proposed { reference, .. } = outcome else {
        panic!("it is open")
    };
    let number = reference.trim_start_matches("http://forge/");
    assert!(number.starts_with("20"), "somebody else's: {reference}");
    assert_eq!(forge.of_ci(), [name]);
    // Nor was any of theirs closed, then or for a later release.
    let later = repository.change("later");
    forge.propose(&repository, &[&commit, &later]).unwrap();
    assert_eq!(forge.of_ci(), [format!("release/staging-{}", &later[..10])]);
    let kept = forge.kept.lock().unwrap();
    for theirs in strangers {
        assert!(kept.pulls.contains(&theirs), "closed: {theirs}");
    }
}

#[test]
fn a_rollback_and_a_promotion_take_no_strangers_for_their_own_either() {
    for (environment, name) in [
        (project().first(), "release/staging-to-0123456789"),
        (project().last(), "release/production-0123456789"),
    ] {
        let prefix = format!("release/{environment}-");
        let forge = Forge::start(50, Says::Nothing);
        forge.kept.lock().unwrap().pulls = strangers(name);
        assert_eq!(forge.open_proposals(&prefix).unwrap(), []);
        forge.has(name, "master", &own());
        assert_eq!(forge.open_proposals(&prefix).unwrap().len(), 1);
    }
}

#[test]
fn the_repository_is_known_by_its_number_and_else_by_its_name_in_any_letter_case() {
    let name = "release/staging-0123456789";
    for (repo, is_ours) in [
        (json!({ "id": 7, "full_name": "owner/name" }), true),
        // Renamed since the settings were made, or between two answers.
        (json!({ "id": 7, "full_name": "new-owner/board" }), true),
        (json!({ "id": 70, "full_name": "Owner/Name" }), false),
        (json!({ "full_name": "OWNER/name" }), true),
        (json!({ "full_name": "Owner/Name-2" }), false),
        (json!({ "id": 7 }), true),
        (json!({}), false),
        (Value::Null, false),
    ] {
        let forge = Forge::start(50, Says::Total);
        forge.has(name, "master", &repo);
        let found = forge.open_proposals("release/").unwrap();
        assert_eq!(found.len(), usize::from(is_ours), "{repo}");
    }
}

#[test]
fn one_that_is_no_longer_open_is_left_out() {
    let forge = Forge::start(50, Says::Total);
    forge.has("release/staging-0123456789", "master", &own());
    for state in ["closed", "merged"] {
        forge.kept.lock().unwrap().pulls[0]["state"] = json!(state);
        assert_eq!(forge.open_proposals("release/").unwrap(), []);
    }
}

#[test]
fn every_page_is_read_however_short_the_forge_makes_it() {
    for (limit, others) in [
        (20, 25),
        (1, 3),
        (20, 19),
        (20, 20),
        (20, 40),
        (50, 50),
        (100, 49),
        (7, 0),
    ] {
        for says in EACH {
            let forge = Forge::start(limit, *says);
            for number in 0..others {
                forge.has("feature", "master", &json!({ "id": 100 + number }));
            }
            forge.has("release/staging-0123456789", "master", &own());
            let found = forge.open_proposals("release/staging-").unwrap();
            assert_eq!(found.len(), 1, "{limit} {others} {says:?}");
        }
    }
}

#[test]
fn no_second_release_is_opened_beside_one_on_a_later_page() {
    for says in [Says::Link, Says::Nothing] {
        let repository = Repository::new();
        let forge = Forge::start(20, says);
        let early = repository.change("early");
        forge.propose(&repository, &[&early]).unwrap();
        for number in 0..25 {
            let theirs = pull(3000 + number, "feature", "master", &json!({ "id": 100 + number }));
            forge.kept.lock().unwrap().pulls.insert(0, theirs);
        }
        forge.propose(&repository, &[&early]).unwrap();
        assert_eq!(forge.of_ci().len(), 1, "{says:?}");
        let late = repository.change("late");
        forge.propose(&repository, &[&early, &late]).unwrap();
        assert_eq!(
            forge.of_ci(),
            [format!("release/staging-{}", &late[..10])],
            "{says:?}"
        );
    }
}

#[test]
fn one_that_slips_to_a_page_that_was_read_is_found_all_the_same() {
    for says in EACH {
        let forge = Forge::start(2, *says);
        for number in 0..4 {
            forge.has("feature", "master", &json!({ "id": number + 100 }));
        }
        // It begins the third page; somebody closes one of the first page after the second was
        // read.
        forge.has("release/staging-0123456789", "master", &own());
        forge.kept.lock().unwrap().closed_after = Some((2, 1000));
        let found = forge.open_proposals("release/staging-").unwrap();
        assert_eq!(found.len(), 1, "{says:?}");
    }
}

#[test]
fn a_list_without_end_is_not_read_without_end() {
    let forge = Forge::start(2, Says::Endless);
    for _ in 0..3 {
        forge.has("release/staging-0123456789", "master", &own());
    }
    let found = forge.open_proposals("release/staging-").unwrap();
    assert!(found.len() >= 2, "{found:?}");
    assert!(forge.stub.lines().len() < 20, "{:?}", forge.stub.lines());
}
