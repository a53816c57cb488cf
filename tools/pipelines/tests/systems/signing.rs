//! What images are signed with on GitHub, as the file that pushes them has it.

use serde_json::Value;

use crate::rules::deliver;

/// When the step runs that uses this action.
fn condition(action: &str) -> String {
    let workflow: Value = serde_saphyr::from_str(&deliver()).expect("a workflow is YAML");
    let mut steps = workflow["jobs"]["deliver"]["steps"]
        .as_array()
        .expect("steps")
        .iter();
    let uses = |step: &&Value| step["uses"].as_str().is_some_and(|uses| uses.starts_with(action));
    let step = steps.find(uses).expect("the step");
    step["if"].as_str().expect("a condition").to_owned()
}

#[test]
fn github_gets_cosign_for_every_key_and_attests_what_has_none() {
    assert_eq!(
        condition("sigstore/cosign-installer@"),
        "vars.SIGNING_KEY != 'none'"
    );
    let without_a_key = "(vars.SIGNING_KEY == '' || vars.SIGNING_KEY == 'keyless') && ";
    let condition = condition("actions/attest@");
    assert!(condition.starts_with(without_a_key), "{condition}");
}

/// Below Enterprise Cloud, GitHub refuses to say anything of a private repository, and what was
/// pushed would not be proposed.
#[test]
fn of_a_private_repository_github_is_asked_to_speak_only_where_it_can() {
    let condition = condition("actions/attest@");
    for part in [
        "hashFiles('target/ci/signed') != ''",
        "(!github.event.repository.private || vars.ATTEST == 'yes')",
    ] {
        assert!(condition.contains(part), "{condition}");
    }
    assert_eq!(condition.matches(" && ").count(), 2, "{condition}");
}
