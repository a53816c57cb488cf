//! Each folder that a comment has a person apply to a cluster is among the steps for a cluster that
//! was lost: Argo CD does not bring it back.

use std::collections::BTreeSet;
use std::fs;

use project::Project;

use crate::{files_of, none, root};

const PAGE: &str = "docs/FORK.md";
const HEADING: &str = "\n## When a cluster is lost\n";
/// In a comment, before the folder that is applied.
const APPLY: &str = " -k infra/";

/// The folders of `infra/` that a comment of `text` has a person apply.
fn applied(text: &str) -> impl Iterator<Item = String> {
    let comments = text.lines().filter(|line| line.starts_with('#'));
    let folders = comments.flat_map(|line| line.split(APPLY).skip(1));
    let is_path = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
    folders.map(move |rest| {
        let end = rest.find(|c| !is_path(c)).unwrap_or(rest.len());
        format!("infra/{}", &rest[..end])
    })
}

#[test]
fn each_folder_that_a_comment_has_a_person_apply_is_among_the_steps_for_a_cluster_that_was_lost() {
    let page = fs::read_to_string(root().join(PAGE)).expect("read the page");
    let (_, rest) = page.split_once(HEADING).expect("the page has the steps");
    let steps = rest.split("\n## ").next().unwrap_or(rest);
    let project = Project::load(&root()).expect("read the project of this checkout");
    let is_for_aws = |name: &str| name.starts_with("infra/") && !name.starts_with("infra/local/");
    let manifests = files_of("yaml").filter(|(name, _)| is_for_aws(name));
    let folders: BTreeSet<_> = manifests
        .flat_map(|(_, text)| applied(&text).collect::<Vec<_>>())
        .collect();
    assert!(folders.len() > 1, "{folders:?}");
    let missing = folders.into_iter().filter_map(|folder| {
        let folder = folder.replace(project.first().name(), "ENVIRONMENT");
        let is_there = steps.contains(&format!("`{folder}`"));
        (!is_there).then(|| format!("{PAGE}: {folder} is not among the steps for a lost cluster"))
    });
    none(&missing.collect::<Vec<_>>());
}
