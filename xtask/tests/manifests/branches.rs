//! Branches, wherever they are named: manifests are read from that of the first environment, where
//! CI changes them, and CI and AWS know those of the environments alone.

use std::fs;

use crate::render::ROOT;
use crate::{PROJECT, environments};

/// What stands before the branch that Argo CD reads.
const REVISION: &str = "evision: refs/heads/";

/// The template's files that name branches, with what stands before and behind them there. What a
/// fork has beside these may name others.
const NAMING: &[(&str, &str, &str)] = &[
    (".github/workflows/book.yaml", "branches: [", "]"), // wing: book
    (".github/workflows/deliver.yaml", "branches: [", "]"),
    (".github/workflows/preview.yaml", "RELEASE_BRANCH: ", "\n"), // wing: previews
    (".gitlab-ci.yml", "$CI_COMMIT_BRANCH == \"", "\""),
    (".gitlab-ci.yml", "RELEASE_BRANCH=", "\n"),
    ("buildspec.yaml", "RELEASE_BRANCH: ", "\n"),
    ("infra/aws/access.yaml", ":ref:refs/heads/", "\""),
    ("infra/aws/access.yaml", ":ref_type:branch:ref:", "\""),
    ("infra/aws/build.yaml", "codecommit:References: [", "]"),
    ("infra/aws/pipelines.yaml", "  Branch: ", "\n"),
];

/// The files below `infra/`: path and text.
fn manifests() -> impl Iterator<Item = (String, String)> {
    let paths = gitkit::files(&ROOT).expect("list the files").into_iter();
    paths
        .filter(|path| path.starts_with("infra/"))
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

/// The branches that the text of such a file has, in quotes or not. What stands for others is none.
fn named<'t>(path: &str, text: &'t str) -> Vec<&'t str> {
    let places = NAMING.iter().filter(|(of, ..)| *of == path);
    let listed = places.flat_map(|(_, start, end)| between(text, start, end));
    let each = listed.flat_map(|list| list.split(',')).map(|value| {
        let value = value.split(" #").next().unwrap_or_default().trim();
        value.trim_matches(['"', '\'']).trim_start_matches("refs/heads/")
    });
    each.filter(|branch| !branch.is_empty() && !branch.contains(['$', '*']))
        .collect()
}

#[test]
fn every_manifest_is_read_from_the_branch_of_the_first_environment() {
    let mut seen = 0;
    for (path, text) in manifests() {
        for branch in between(&text, REVISION, "\n") {
            assert_eq!(branch.trim(), PROJECT.first().branch(), "{path}");
            seen += 1;
        }
    }
    assert!(seen > environments().count(), "{seen}");
}

// wing: verifier
#[test]
fn the_verifier_starts_the_pipeline_of_the_first_environment() {
    let deployment = fs::read_to_string(ROOT.join("infra/verifier/deployment.yaml")).expect("read it");
    let named = between(&deployment, "name: FORGE_BRANCH\n", "\n").map(str::trim);
    let expected = format!("value: {}", PROJECT.first().branch());
    assert_eq!(named.collect::<Vec<_>>(), [expected]);
}
// end of wing

#[test]
fn ci_and_aws_name_no_branch_but_those_of_the_environments() {
    for (path, ..) in NAMING {
        // A fork may have deleted it.
        let text = fs::read_to_string(ROOT.join(path)).unwrap_or_default();
        for branch in named(path, &text) {
            assert!(PROJECT.released_from(branch).is_some(), "{path} names {branch}");
        }
    }
}

#[test]
fn a_branch_is_found_in_each_form_and_only_where_the_template_has_one() {
    for (path, text, branches) in [
        (
            ".github/workflows/deliver.yaml",
            "branches: [ \"a\",'b' ]\n",
            &["a", "b"][..],
        ),
        (".github/workflows/ours.yaml", "branches: [a]\n", &[]),
        (
            ".gitlab-ci.yml",
            "- if: $CI_COMMIT_BRANCH == \"a\" || $CI_COMMIT_BRANCH == \"b\"\n\
            - export RELEASE_BRANCH=c\n- export RELEASE_BRANCH=\"$CI_COMMIT_BRANCH\"\n",
            &["a", "b", "c"],
        ),
        ("buildspec.yaml", "RELEASE_BRANCH: a # ours\n", &["a"]),
        (
            "infra/aws/access.yaml",
            "\"x:ref:refs/heads/a\",\n\"x:ref_type:branch:ref:b\"\n\"x:ref_type:branch:ref:*\"\n",
            &["a", "b"],
        ),
        (
            "infra/aws/build.yaml",
            "codecommit:References: [refs/heads/a, refs/heads/b]\n",
            &["a", "b"],
        ),
        (
            "infra/aws/pipelines.yaml",
            "one:\n  Branch: a\n- Branch: !FindInMap [Release, b, Branch]\n",
            &["a"],
        ),
    ] {
        assert_eq!(named(path, text), branches, "{path}");
    }
}
