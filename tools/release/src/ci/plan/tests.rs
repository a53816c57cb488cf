//! What is done, decided from facts.

use project::App;

use super::action::action;
use super::*;
use crate::environment::{apps, project};

#[test]
fn only_staging_builds() {
    assert_eq!(action(project().first(), None, "a"), Action::Build);
    assert_eq!(action(project().last(), None, "a"), Action::Missing);
}

#[test]
fn content_that_is_deployed_is_left_alone_and_other_content_is_proposed() {
    for environment in [project().first(), project().last()] {
        assert_eq!(action(environment, Some("a"), "a"), Action::Nothing);
        assert_eq!(action(environment, Some("a"), "b"), Action::Propose);
    }
}

#[test]
fn runs_that_share_a_release_build_what_is_theirs() {
    let planned = |app: &'static App| AppPlan {
        app,
        name: app.name(),
        fingerprint: String::new(),
        image: String::new(),
        in_registry: None,
        in_overlay: String::new(),
        released: None,
        withdrawn: None,
        known: MarkSource::Nothing,
        action: Action::Build,
    };
    let plan = Plan::of(project().first(), "c", "b", apps().iter().map(planned).collect());
    let built =
        |names: Option<&[&str]>| -> Vec<_> { plan.to_build(names).into_iter().map(|app| app.name).collect() };
    let names: Vec<_> = apps().iter().map(App::name).collect();
    assert_eq!(built(None), names);
    assert_eq!(built(Some(&names[1..])), names[1..]);
    assert!(built(Some(&[])).is_empty());
}
