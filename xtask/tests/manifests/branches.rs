//! Branches, wherever they are named: manifests are read from that of the first environment, where
//! CI changes them, and CI knows those of the environments alone.

use std::fs;

use crate::render::ROOT;
use crate::{PROJECT, environments};

/// What stands before the branch that Argo CD reads.
const REVISION: &str = "evision: refs/heads/";

/// The files below a folder, or of this name: path and text.
fn files(place: &str) -> impl Iterator<Item = (String, String)> {
    let paths = gitkit::files(&ROOT).expect("list the files").into_iter();
    paths
        .filter(move |path| path.starts_with(place))
        .filter_map(|path| {
            let text = fs::read_to_string(ROOT.join(&path)).ok()?;
            Some((path, text))
        })
}

/// What stands between two signs.
fn between<'t>(text: &'t str, start: &'static str, end: &'static str) -> impl Iterator<Item = &'t str> {
    let rest = text.split(start).skip(1);
    rest.filter_map(move |rest| rest.split(end).next())
}

/// The branches that a file of a CI system names.
fn named(text: &str) -> Vec<&str> {
    let listed = between(text, "branches: [", "]").flat_map(|list| list.split(", "));
    let compared = between(text, "$CI_COMMIT_BRANCH == \"", "\"");
    let given = between(text, "RELEASE_BRANCH: ", "\n").chain(between(text, "RELEASE_BRANCH=", "\n"));
    let named = listed.chain(compared).chain(given);
    named.filter(|branch| !branch.contains('$')).collect()
}

#[test]
fn every_manifest_is_read_from_the_branch_of_the_first_environment() {
    let mut seen = 0;
    for (path, text) in files("infra/") {
        for branch in between(&text, REVISION, "\n") {
            assert_eq!(branch.trim(), PROJECT.first().branch(), "{path}");
            seen += 1;
        }
    }
    assert!(seen > environments().count(), "{seen}");
}

#[test]
fn ci_names_no_branch_but_those_of_the_environments() {
    for (path, text) in [".github/", ".gitlab-ci.yml", "buildspec.yaml"]
        .into_iter()
        .flat_map(files)
    {
        for branch in named(&text) {
            assert!(PROJECT.released_from(branch).is_some(), "{path} names {branch}");
        }
    }
    let text = "branches: [a, b]\n- if: $CI_COMMIT_BRANCH == \"c\"\nRELEASE_BRANCH: d\n  export RELEASE_BRANCH=e\n\
        RELEASE_BRANCH: ${{ github.ref_name }}\n";
    assert_eq!(named(text), ["a", "b", "c", "d", "e"]);
}
