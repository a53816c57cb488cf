//! What a person applies to a cluster. Each folder that a comment has a person apply is among the
//! steps for a cluster that was lost: Argo CD does not bring it back. And the command is the same
//! wherever it stands, and can be repeated; and none leads out of the checkout, where the next ones
//! name its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use project::Project;

use crate::{files_of, none, root};

const PAGE: &str = "docs/FORK.md";
const HEADING: &str = "\n## When a cluster is lost\n";
/// In a comment, before the folder that is applied.
const APPLY: &str = " -k infra/";
/// What has a command take fields over that somebody else has written otherwise.
const FORCE: &str = "--force-conflicts";
/// What somebody else writes too: a controller the rules of its webhooks, Argo CD the project that
/// it makes by itself.
const WRITTEN_ELSEWHERE: [&str; 3] = [
    "\nkind: ValidatingWebhookConfiguration\n",
    "\nkind: MutatingWebhookConfiguration\n",
    "\nkind: AppProject\nmetadata:\n  name: default\n",
];

/// The command by which a person would be in another folder from then on.
const LEAVES: &str = "cd \"$(mktemp";

/// The path that a text begins with, below `infra/`.
fn folder(text: &str) -> String {
    let is_path = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
    let end = text.find(|c| !is_path(c)).unwrap_or(text.len());
    format!("infra/{}", &text[..end])
}

/// The folders of `infra/` that a comment of `text` has a person apply.
fn applied(text: &str) -> impl Iterator<Item = String> {
    let comments = text.lines().filter(|line| line.starts_with('#'));
    let folders = comments.flat_map(|line| line.split(APPLY).skip(1));
    folders.map(folder)
}

/// The same of any line, each with the options of its command.
fn commands(text: &str) -> impl Iterator<Item = (String, &str)> {
    let commands = text.lines().flat_map(|line| line.split("kubectl apply ").skip(1));
    commands.filter_map(|command| {
        let (options, rest) = command.split_once("-k infra/")?;
        let are_options = options.split_whitespace().all(|word| word.starts_with("--"));
        are_options.then(|| (folder(rest), options.trim()))
    })
}

/// Commands for one folder that differ, and those that end with a conflict when they are repeated.
fn faults(files: &[(String, String)]) -> Vec<String> {
    let mut all: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (folder, options) in files.iter().flat_map(|(_, text)| commands(text)) {
        all.entry(folder).or_default().insert(options);
    }
    let is_written_elsewhere = |folder: &str| {
        let has = |(path, text): &(String, String)| {
            let is_in = path.rsplit_once('/').is_some_and(|(of, _)| of == folder);
            is_in && WRITTEN_ELSEWHERE.iter().any(|written| text.contains(written))
        };
        files.iter().any(has)
    };
    let mut faults = Vec::new();
    for (folder, options) in &all {
        if options.len() > 1 {
            faults.push(format!("{folder} is applied in more than one way: {options:?}"));
        }
        if is_written_elsewhere(folder) && !options.iter().all(|options| options.contains(FORCE)) {
            faults.push(format!("{folder} is applied without {FORCE}"));
        }
    }
    faults
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

#[test]
fn a_folder_is_applied_by_one_command_and_that_can_be_repeated() {
    let files: Vec<_> = files_of("yaml").chain(files_of("md")).collect();
    assert!(files.iter().flat_map(|(_, text)| commands(text)).count() > 3);
    none(&faults(&files));
}

#[test]
fn a_command_that_differs_or_ends_with_a_conflict_is_found() {
    let file = |(path, text): (&str, &str)| (path.to_owned(), text.to_owned());
    let with = |command: &str| {
        let comment = format!("# Apply it by hand: kubectl apply {command}.\n");
        let project = "apiVersion: a\nkind: AppProject\nmetadata:\n  name: default\n";
        [
            ("infra/a/kustomization.yaml", comment.as_str()),
            ("infra/a/project.yaml", project),
            (
                "docs/A.md",
                "First `kubectl apply --server-side -k infra/b`, and `kubectl delete -k infra/a`.",
            ),
        ]
        .map(file)
    };
    assert_eq!(
        faults(&with("--server-side --force-conflicts -k infra/a")),
        Vec::<String>::new()
    );
    for (command, says) in [
        (
            "--server-side -k infra/a",
            "infra/a is applied without --force-conflicts",
        ),
        (
            "--server-side --force-conflicts -k infra/b",
            "infra/b is applied in more than one way",
        ),
    ] {
        let found = faults(&with(command));
        assert!(matches!(&found[..], [one] if one.starts_with(says)), "{found:?}");
    }
}

/// Commands of pages that leave the checkout.
fn leaving(files: &[(String, String)]) -> Vec<String> {
    let mut leaving = Vec::new();
    for (name, text) in files {
        let lines = text.lines().filter(|line| line.trim_start().starts_with(LEAVES));
        leaving.extend(lines.map(|line| format!("{name}: {} leaves the checkout", line.trim())));
    }
    leaving
}

#[test]
fn no_command_of_a_page_leads_out_of_the_checkout() {
    none(&leaving(&files_of("md").collect::<Vec<_>>()));
    let page = |command: &str| [("docs/A.md".to_owned(), format!("   ```\n   {command}\n   ```\n"))];
    assert_eq!(leaving(&page("made=$(mktemp -d)")), Vec::<String>::new());
    assert_eq!(leaving(&page("cd \"$(mktemp -d)\"")).len(), 1);
}
