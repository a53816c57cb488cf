//! `remove-environment`: takes away what `new-environment` made and nobody changed, and says what
//! stays.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use project::{Environment, FILE as PROJECT, Project};

use super::{Names, copies, places};
use crate::changes::{self, Change};
use crate::digests;
use crate::project_file::check_gone;
use crate::removed::Removed;
use crate::worktree::Worktree;

/// Removes the environment; what there is to say.
pub(super) fn run(root: &Path, name: &str, dry_run: bool) -> Result<String> {
    let project = Project::load(root)?;
    let committed = Worktree::at(root).committed_project();
    if project.environment(name).is_err() && committed.is_some_and(|it| it.environment(name).is_ok()) {
        return Ok(format!("{name} is removed already; commit and push\n"));
    }
    let environment = project.environment(name)?;
    let (Some(before), false) = (project.before(environment), environment == project.last()) else {
        bail!(
            "{name} is the first or the last environment, which `new-environment` does not make: everything is built for the one, and \
             promoted to the other; nothing was changed"
        )
    };
    let removal = Removal::of(root, &project, environment, before)?;
    let is_own = |path: &str| copies::is_of(path, name);
    let without = |path: &str, text: &str| removal.without(path, text);
    removal.removed.refuse(root, is_own, without)?;
    if dry_run {
        return changes::patch(&removal.removed.changes(root)?);
    }
    removal.removed.carry_out(root)?;
    Ok(removal.said())
}

/// Everything of an environment that goes, and what does not.
struct Removal<'a> {
    project: &'a Project,
    environment: &'a Environment,
    before: &'a Environment,
    removed: Removed,
    /// Files that a person has changed or added.
    changed: Vec<String>,
}

impl<'a> Removal<'a> {
    fn of(
        root: &Path,
        project: &'a Project,
        environment: &'a Environment,
        before: &'a Environment,
    ) -> Result<Self> {
        let names = Names::of(environment, before);
        let (files, changed) = sorted(root, names)?;
        let mut lists = Vec::new();
        for place in places::all(project) {
            // A copy of the template may be without it.
            if let Ok(text) = fs::read_to_string(root.join(&place.path)) {
                let after = place.without(&text, names.name, names.branch);
                lists.push(edit(place.path, text, after));
            }
        }
        let text = fs::read_to_string(root.join(PROJECT)).with_context(|| format!("read {PROJECT}"))?;
        let after = places::removed(&text, names.name);
        check_gone(&after, names.name)?;
        lists.push(edit(PROJECT.to_owned(), text, after));
        Ok(Self {
            project,
            environment,
            before,
            removed: Removed {
                files,
                whole: None,
                edited: lists,
            },
            changed,
        })
    }

    /// A file that lists environments, without this one.
    fn without(&self, path: &str, text: &str) -> String {
        let (name, branch) = (self.environment.name(), self.environment.branch());
        match places::all(self.project).iter().find(|place| place.path == path) {
            Some(place) => place.without(text, name, branch),
            None => places::removed(text, name),
        }
    }

    fn said(&self) -> String {
        let (project, name, mut said) = (self.project, self.environment, String::new());
        let mut line = |words: &str, what: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(said, "{words:9} {what}");
        };
        let lists: Vec<_> = self
            .removed
            .entries()
            .map(|change| change.path.as_str())
            .collect();
        line(
            "removed",
            &format!(
                "{} files of {name}, and its entries in {}",
                self.removed.files.len(),
                lists.join(", ")
            ),
        );
        for path in &self.changed {
            line("left", &format!("{path}: it is not as `new-environment` made it"));
        }
        for change in &self.removed.edited {
            let text = change.after.as_deref().unwrap_or_default();
            if copies::has_word(text, name.name()) {
                line("left", &format!("{}: it still names {name}", change.path));
            }
        }
        let has_command = !project.without().iter().any(|wing| wing == "aws");
        let destroy = if has_command {
            format!(
                "where {PROJECT} still names it, as after `git stash`: cargo xtask aws destroy {name} --yes {name}"
            )
        } else {
            "delete them where you made them".to_owned()
        };
        // In the order in which they go: the cluster's controllers clear up by roles of the stacks.
        line(
            "stays",
            &format!(
                "its cluster {0} with the volumes of workers: eksctl delete cluster --name {0}",
                self.environment.cluster()
            ),
        );
        line(
            "stays",
            &format!("in the account, the stacks of {name} with its table and roles; {destroy}"),
        );
        line(
            "stays",
            &format!(
                "its branch, {}, and the images in the registry, {}/*, which the other environments have too",
                self.environment.branch(),
                project.name()
            ),
        );
        if let Some(next) = project.after(name) {
            line("so", &format!("{} promotes to {next}", self.before));
        }
        line("next", "commit and push (docs/ENVIRONMENTS.md)");
        let deploy = if has_command {
            format!(
                "cargo xtask aws deploy {} --only access --only build",
                project.first()
            )
        } else {
            "deploy infra/aws/access.yaml and build.yaml anew".to_owned()
        };
        line(
            "next",
            &format!("have the account no longer let its branch push images: {deploy}"),
        );
        said
    }
}

fn edit(path: String, before: String, after: String) -> Change {
    Change {
        path,
        before: Some(before),
        after: Some(after),
    }
}

/// Files of the environment that are as they were made, and those that are not. The one of the
/// environment before it may have changed since, so a file is also as it was made if it is the copy
/// of what that one had in the commit that added it.
fn sorted(root: &Path, names: Names<'_>) -> Result<(Vec<String>, Vec<String>)> {
    let worktree = Worktree::at(root);
    let there = gitkit::files(root).context("list the files of the environment")?;
    let own = there
        .into_iter()
        .filter(|path| copies::is_of(path, names.name) && root.join(path).exists());
    let is_made = |path: &String| {
        let text = fs::read_to_string(root.join(path)).unwrap_or_default();
        let original = |of: &str| copies::place(path, names.name, of);
        let now = fs::read_to_string(root.join(original(names.after))).ok();
        let is_copy = now.is_some_and(|now| digests::same(&copies::text(&now, names), &text));
        is_copy || was_made(&worktree, path, &text, names.name)
    };
    Ok(own.partition(is_made))
}

/// Whether `new-environment` made `text`, by the commit that added the file: the environment before
/// this one was perhaps another then.
fn was_made(worktree: &Worktree, path: &str, text: &str, name: &str) -> bool {
    let made = || {
        let commit = worktree.added(path)?;
        let project = Project::of_text(&worktree.at_commit(&commit, PROJECT)?).ok()?;
        let environment = project.environment(name).ok()?;
        let before = project.before(environment)?;
        let original = copies::place(path, name, before.name());
        let names = Names::of(environment, before);
        Some(copies::text(&worktree.at_commit(&commit, &original)?, names))
    };
    made().is_some_and(|made| digests::same(&made, text))
}
