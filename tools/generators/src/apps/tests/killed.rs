//! What a run that was killed leaves is finished by the next one.

use super::*;
use crate::moves::Moves;

/// Everything that `new-app` changes, by path.
fn made(checkout: &Checkout) -> BTreeMap<String, String> {
    let before = checkout.files();
    checkout.add("bot", Kind::Worker);
    let after = checkout.files();
    checkout.reset();
    after
        .into_iter()
        .filter(|(path, text)| before.get(path) != Some(text))
        .collect()
}

#[test]
fn the_next_run_finishes_whatever_part_was_done() {
    let checkout = Checkout::new();
    let made = made(&checkout);
    let done = |paths: &[&String]| {
        for path in paths {
            checkout.write(path, &made[*path]);
        }
        checkout.add("bot", Kind::Worker);
        let files = checkout.files();
        assert!(
            made.iter().all(|(path, text)| files.get(path) == Some(text)),
            "after {paths:?}"
        );
        checkout.reset();
    };
    // With the project's file, which is last, all else is there.
    let paths: Vec<_> = made.keys().filter(|path| *path != project::FILE).collect();
    // Parts of folders too, as a copy leaves that was cut off.
    for at in (0..paths.len()).step_by(5) {
        done(&paths[..=at]);
        done(&paths[at..=at]);
        done(&paths[at..]);
    }
}

#[test]
fn the_next_run_finishes_a_removal_too() {
    let checkout = Checkout::new();
    let made = made(&checkout);
    let before = checkout.files();
    checkout.add("bot", Kind::Worker);
    checkout.commit();
    let (of_crate, others): (Vec<_>, Vec<_>) = made.keys().partition(|path| path.starts_with("apps/bot/"));
    let others: Vec<_> = others.into_iter().filter(|path| *path != project::FILE).collect();
    for at in 0..=others.len() {
        for path in of_crate.iter().chain(&others[..at]) {
            match before.get(*path) {
                Some(text) => checkout.write(path, text),
                None => fs::remove_file(checkout.path(path)).unwrap(),
            }
        }
        checkout.remove("bot");
        assert!(checkout.remove("bot").contains("removed already"));
        assert_eq!(checkout.files(), before, "after {:?}", &others[..at]);
        checkout.reset();
    }
}

/// As where a folder cannot be written, or a disk is full.
#[test]
fn an_error_in_the_middle_leaves_everything_as_it_was() {
    let checkout = Checkout::new();
    let before = checkout.files();
    let error = Moves::all(checkout.root(), |moves| {
        moves.prepare("apps/bot/src/main.rs", "new")?;
        moves.prepare_edit(project::FILE, "edited")?;
        moves.put("apps/bot/src/main.rs")?;
        moves.take_away("infra/backend")?;
        moves.edit(project::FILE)?;
        assert_eq!(checkout.read("apps/bot/src/main.rs"), "new");
        assert_eq!(checkout.read(project::FILE), "edited");
        assert!(!checkout.path("infra/backend").exists());
        moves.take_away("infra/nowhere")
    });
    let error = format!("{:#}", error.unwrap_err());
    assert!(
        error.starts_with("nothing was changed: remove infra/nowhere"),
        "{error}"
    );
    assert_eq!(checkout.files(), before);
    assert!(!checkout.path("apps/bot").exists() && !checkout.path("target/new").exists());
}

#[test]
fn what_lies_half_written_beside_is_no_hindrance() {
    let checkout = Checkout::new();
    checkout.write("target/new/bot/apps/bot/src/main.rs", "half");
    checkout.write("target/new/file", "half");
    checkout.add("bot", Kind::Cron);
    assert!(checkout.read("apps/bot/src/main.rs").starts_with("//! "));
    assert!(!checkout.path("target/new/bot").exists());
}

#[test]
fn another_kind_does_not_go_on_with_what_was_begun() {
    let checkout = Checkout::new();
    checkout.add("bot", Kind::Worker);
    checkout.git(&["checkout", "--quiet", "--", project::FILE]);
    let error = new::run(checkout.root(), "bot", Kind::Cron, false).unwrap_err();
    assert!(
        format!("{error:#}").contains("not committed: Cargo.lock"),
        "{error:#}"
    );
}
