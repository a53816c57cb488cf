//! Times in which nothing goes to an environment.

use super::Repository;
use super::verified::{By, qa_branch, say};
use crate::ci::forge::State;
use crate::ci::hold;
use crate::ci::propose::Outcome;

#[test]
fn nothing_goes_to_an_environment_that_is_held() {
    let repository = Repository::new();
    let forge = repository.forge();
    let hold = |environment: &str, until: &str| {
        repository.pull();
        let text =
            format!("[[holds]]\nenvironment = \"{environment}\"\nuntil = {until}\nreason = \"Holidays\"\n");
        repository.write(hold::FILE, &text);
        repository.commit("Hold");
        repository.push("master");
    };
    let commit = repository.released(&forge, "1");
    say(&forge, &repository.head(), State::Success);
    for (environment, until) in [
        ("production", "9999-01-01T00:00:00Z"),
        ("qa", "2026-01-01T00:00:00Z"),
    ] {
        hold(environment, until);
        repository.on_to_qa(&forge, By::Promotion, None).unwrap();
        assert_eq!(
            forge.open_branches(),
            [qa_branch(&commit)],
            "{environment} {until}"
        );
    }
    // What is open is withdrawn, and no reason not to wait for a proof helps.
    hold("qa", "9999-01-01T00:00:00Z");
    for reason in [None, Some("in a hurry")] {
        let outcome = repository.on_to_qa(&forge, By::Push(&commit), reason).unwrap();
        assert!(matches!(outcome, Outcome::Held(_)), "{outcome:?}");
        assert_eq!(forge.open_branches(), [""; 0]);
    }
    hold("qa", "2026-01-01T00:00:00Z");
    repository.on_to_qa(&forge, By::Promotion, None).unwrap();
    assert_eq!(forge.open_branches(), [qa_branch(&commit)]);
}
