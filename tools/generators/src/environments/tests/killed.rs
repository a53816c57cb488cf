//! What a run that was killed leaves is finished by the next one.

use std::collections::BTreeMap;

use super::*;

/// What `command` changes, by path; `None` where a file goes.
fn changed(checkout: &Checkout, command: impl Fn()) -> BTreeMap<String, Option<String>> {
    let before = checkout.files();
    command();
    let mut after = checkout.files();
    checkout.reset();
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    let gone: Vec<_> = gone.map(|path| (path.clone(), None)).collect();
    after.retain(|path, text| before.get(path) != Some(text));
    after
        .into_iter()
        .map(|(path, text)| (path, Some(text)))
        .chain(gone)
        .collect()
}

/// After any part of what `command` changes, it makes the rest.
fn finishes(checkout: &Checkout, command: impl Fn()) {
    let all = changed(checkout, &command);
    // With the project's file, which is last, all else is there.
    let paths: Vec<_> = all.keys().filter(|path| *path != project::FILE).collect();
    let files = |checkout: &Checkout| {
        command();
        let files = checkout.files();
        checkout.reset();
        files
    };
    let whole = files(checkout);
    let parts = (0..paths.len()).step_by(7);
    for part in parts.flat_map(|at| [&paths[..=at], &paths[at..]]) {
        for path in part {
            match &all[*path] {
                Some(text) => checkout.write(path, text),
                None => fs::remove_file(checkout.path(path)).unwrap(),
            }
        }
        assert_eq!(files(checkout), whole, "after {part:?}");
    }
}

#[test]
fn the_next_run_finishes_whatever_part_was_done() {
    let checkout = Checkout::new();
    finishes(&checkout, || drop(add(&checkout, "qa")));
    add(&checkout, "qa");
    checkout.commit();
    finishes(&checkout, || drop(take_away(&checkout, "qa")));
}

#[test]
fn another_place_or_branch_does_not_go_on_with_what_was_begun() {
    let checkout = Checkout::new();
    add(&checkout, "qa");
    checkout.git(&["checkout", "--quiet", "--", project::FILE]);
    let error = new::run(checkout.root(), "qa", "other", "staging", false).unwrap_err();
    assert!(error.to_string().contains("not committed: "), "{error}");
}
