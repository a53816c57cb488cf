//! What is said of an environment that waits, and for what.

use std::fs;
use std::path::Path;

use super::Repository;
use super::model::Forge;
use super::verified::say;
use crate::ci::forge::State;
use crate::ci::gate::Gate;
use crate::ci::held_back::{Unproven, Why, waiting};
use crate::ci::hold;
use crate::environment::project;

impl Repository {
    fn next_of_qa(&self, forge: &Forge) -> (bool, Vec<String>) {
        let [staging, qa, _] = project().environments() else {
            panic!("the sample has three")
        };
        let gate = Gate {
            before: staging,
            unverified: None,
        };
        self.at_gate(forge, Some(gate), |proposals| proposals.next_of(staging, qa))
            .unwrap()
    }
}

#[test]
fn the_page_shows_what_is_said() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/PROMOTION.md")).unwrap();
    let [staging, _, production] = project().environments() else {
        panic!("the sample has three")
    };
    let unproven = Unproven {
        app: "backend".to_owned(),
        before: staging,
        commit: "3f1c9a0b72".to_owned(),
        // 2026-11-28T18:03:11Z
        since: 1_795_888_991,
        why: Why::Silent,
    };
    let said = waiting(production, &[unproven]);
    assert!(page.contains(&format!("```\n{said}\n```\n")), "{said}");
}

#[test]
fn what_waits_and_why_is_said_until_it_may_go_on_and_nothing_once_it_is_there() {
    let repository = Repository::new();
    let forge = repository.forge();
    let commit = repository.released(&forge, "1");
    let merged = repository.head();
    let of_each = |words: &str| ["backend", "frontend"].map(|app| format!("{app}: {words}"));
    let is = |(waits, next): (bool, Vec<String>), expected: [String; 2]| {
        let pairs = next.iter().zip(&expected);
        assert!(waits && next.len() == 2, "{next:?}");
        for (said, expected) in pairs {
            assert!(said.starts_with(expected), "{said}");
        }
    };
    is(
        repository.next_of_qa(&forge),
        of_each("no status verified/staging/"),
    );
    let given = format!("staging was given it by commit {}", &merged[..10]);
    for (state, words) in [
        (State::Pending, "and says: Pending"),
        (State::Failure, "it failed there"),
    ] {
        say(&forge, &merged, state);
        let (waits, next) = repository.next_of_qa(&forge);
        assert!(next.iter().all(|said| said.contains(words)), "{next:?}");
        is((waits, next), of_each(&given));
    }
    say(&forge, &merged, State::Success);
    let title = format!("Release backend and frontend to qa ({})", &commit[..10]);
    assert_eq!(repository.next_of_qa(&forge), (false, vec![title]));
    let writes = forge.written();
    assert!(!writes.iter().any(|write| write.contains("qa")), "{writes:?}");

    repository.pull();
    let text = "[[holds]]\nenvironment = \"qa\"\nuntil = 9999-01-01T00:00:00Z\nreason = \"Holidays\"\n";
    repository.write(hold::FILE, text);
    repository.commit("Hold");
    repository.push("master");
    let held = "held until 9999-01-01T00:00:00Z: Holidays".to_owned();
    assert_eq!(repository.next_of_qa(&forge), (true, vec![held]));
}
