//! When those that are gone are told, and what each kind of forge then has.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::forge::tests::{Stub, forge, settings};

const ADDRESS: &str = "http://preview.example/";

#[test]
fn an_address_does_not_stay_and_a_reason_does() {
    let (words, gone) = (|| ADDRESS.to_owned(), || GONE.to_owned());
    for (told, expected) in [
        (Some(Word::Success(words())), Some(Word::Success(gone()))),
        (Some(Word::Pending(words())), Some(Word::Failure(gone()))),
        (Some(Word::Failure(words())), None),
        (Some(Word::Success(gone())), None),
        (Some(Word::Failure(gone())), None),
        (None, None),
    ] {
        assert_eq!(after(told.clone()), expected, "{told:?}");
    }
}

/// A forge that has this of the commit, and keeps what it is told.
fn with_status(kind: &'static str, state: &str) -> (Stub, Arc<Mutex<[String; 2]>>) {
    let has = Arc::new(Mutex::new([state.to_owned(), ADDRESS.to_owned()]));
    let kept = has.clone();
    let stub = Stub::start(move |asked| {
        let mut kept = kept.lock().unwrap();
        if asked.line.starts_with("POST") {
            let told = asked.json();
            *kept = ["state", "description"].map(|key| told[key].as_str().unwrap().to_owned());
            return (201, "{}".to_owned());
        }
        let [state, description] = &*kept;
        let answer = match kind {
            "gitlab" => json!([{ "id": 1, "name": REPORT, "status": state, "description": description }]),
            _ => json!({ "statuses": [{ "context": REPORT, "state": state, "description": description }] }),
        };
        (200, answer.to_string())
    });
    (stub, has)
}

#[test]
fn each_kind_of_forge_has_no_address_afterwards_and_is_told_once() {
    for (kind, failed) in [("github", "failure"), ("gitea", "failure"), ("gitlab", "failed")] {
        for (state, expected) in [
            ("success", ["success", GONE]),
            ("pending", [failed, GONE]),
            (failed, [failed, ADDRESS]),
        ] {
            let (stub, has) = with_status(kind, state);
            let forge = forge(&settings(kind, &stub.address(), "owner/name"));
            for _ in 0..2 {
                tell(forge.as_ref(), "c0ffee").unwrap();
            }
            assert_eq!(*has.lock().unwrap(), expected, "{kind}");
            let posts = stub
                .asked()
                .iter()
                .filter(|one| one.line.starts_with("POST"))
                .count();
            assert_eq!(posts, usize::from(state != failed), "{kind}, {state}");
        }
    }
}

#[test]
fn it_is_told_once_the_namespace_is_going_and_forgotten_once_it_is_gone() {
    let mut leaving = Leaving::default();
    leaving.add(7, "head");
    let (open, there, ending, gone) = (
        BTreeSet::new(),
        BTreeMap::from([(7, false)]),
        BTreeMap::from([(7, true)]),
        BTreeMap::new(),
    );
    assert_eq!(leaving.due(&there), []);
    assert_eq!(leaving.due(&ending), [(7, "head".to_owned())]);
    // The forge did not answer, and the namespace is gone meanwhile.
    leaving.forget(&open, &gone);
    assert_eq!(leaving.due(&gone), [(7, "head".to_owned())]);
    leaving.told(7);
    leaving.forget(&open, &ending);
    assert!(leaving.has(7) && leaving.due(&ending).is_empty());
    leaving.forget(&open, &gone);
    assert!(!leaving.has(7));
}

#[test]
fn one_that_is_back_is_not_told() {
    let mut leaving = Leaving::default();
    leaving.add(7, "head");
    leaving.forget(&[7].into(), &BTreeMap::new());
    assert!(!leaving.has(7));
}
