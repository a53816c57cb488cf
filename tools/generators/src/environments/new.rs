//! `new-environment`: refuses what cannot be, then makes everything or the rest of it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use project::{Environment, FILE as PROJECT, Project};

use super::places::{self, Place};
use super::{Names, copies, names};
use crate::changes::{self, Change, Made};
use crate::project_file;
use crate::worktree::{HEAD, Worktree};

/// Adds the environment behind `after`; what there is to say.
pub(super) fn run(root: &Path, name: &str, branch: &str, after: &str, dry_run: bool) -> Result<String> {
    let project = Project::load(root)?;
    if let Ok(there) = project.environment(name) {
        let before = project.before(there).map(Environment::name);
        ensure!(
            before == Some(after) && there.branch() == branch,
            "there is an environment `{name}`, released from `{}`; choose another name",
            there.branch()
        );
        return Ok(format!("{name} is there already; nothing was changed\n"));
    }
    let before = project.environment(after)?;
    ensure!(
        project.environments().len() > 1,
        "`{after}` is the only environment, and a new one stands between two; make a last one by hand first, with an overlay of each \
         app and an entry in {PROJECT}; nothing was changed"
    );
    let next = project.after(before);
    ensure!(
        next.is_some(),
        "`{after}` is where a commit goes last, and its data are kept as such by infra/aws; put the new one before it: --after \
         the environment that shall promote to it"
    );
    let names = Names {
        name,
        branch,
        after,
        after_branch: before.branch(),
    };
    let addition = Addition::of(root, &project, names, next)?;
    if dry_run {
        return changes::patch(&addition.made.changes());
    }
    addition.made.carry_out(root)?;
    Ok(addition.said())
}

/// All that an environment is.
struct Addition<'a> {
    names: Names<'a>,
    /// The one that it promotes to from now on.
    next: Option<&'a Environment>,
    made: Made,
    /// Files that list environments otherwise than this command understands, and how to go on.
    left: Vec<String>,
}

impl<'a> Addition<'a> {
    fn of(
        root: &Path,
        project: &'a Project,
        names: Names<'a>,
        next: Option<&'a Environment>,
    ) -> Result<Self> {
        let worktree = Worktree::at(root);
        let listed = worktree.committed(PROJECT)?;
        ensure!(
            Project::of_text(&listed)?.environment(names.after).is_ok(),
            "`{}` is not committed yet, and a copy of it is made from the last commit; commit it first",
            names.after
        );
        let entered = places::entered(&listed, names)?;
        project_file::check(&entered)
            .with_context(|| format!("`{}` cannot be an environment of this project", names.name))?;
        let lists = lists(&worktree, project)?;
        let before = project.environment(names.after)?;
        let originals = copies::originals(&worktree, names.after)?;
        for app in project.apps() {
            let overlay = app.overlay(before);
            ensure!(
                originals.iter().any(|(path, _)| *path == overlay),
                "{overlay} is not committed, which {} has to have in {before}; put it back, or take {app} out of {PROJECT}; nothing was changed",
                app.name()
            );
        }
        let listing = lists.iter().map(|(place, text)| (&place.path, text));
        let own = originals.iter().map(|(path, text)| (path, text));
        names::check(&worktree, project, names, listing.chain(own))?;
        let (edited, left) = edits(lists, names);
        let mut made = Made {
            files: copies::of(originals, names),
            edited,
        };
        made.edited.push(Change {
            path: PROJECT.to_owned(),
            before: Some(listed),
            after: Some(entered),
        });
        made.refuse(root, "new-environment")?;
        Ok(Self {
            names,
            next,
            made,
            left,
        })
    }

    fn said(&self) -> String {
        let Names {
            name, branch, after, ..
        } = self.names;
        let mut said = String::new();
        let mut line = |words: &str, what: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(said, "{words:9} {what}");
        };
        for (path, _) in &self.made.files {
            line("made", path);
        }
        for change in &self.made.edited {
            line("changed", &change.path);
        }
        for left in &self.left {
            line("left", left);
        }
        if let Some(next) = self.next {
            line("so", &format!("{after} promotes to {name}, and {name} to {next}"));
        }
        line(
            "next",
            "look through `git diff` for values that shall differ, such as replicas; commit and push",
        );
        line(
            "next",
            &format!(
                "make its stacks and its cluster, then push what {after} runs to the branch `{branch}` (docs/ENVIRONMENTS.md)"
            ),
        );
        said
    }
}

/// The files that list the environments, as committed. A copy of the template may be without some.
fn lists(worktree: &Worktree, project: &Project) -> Result<Vec<(Place, String)>> {
    let there = worktree.below(HEAD, ".")?;
    let mut places = places::all(project);
    places.retain(|place| there.contains(&place.path));
    let paths = places.iter().map(|place| place.path.clone()).collect();
    let texts = worktree.all_at(HEAD, paths)?;
    Ok(places
        .into_iter()
        .zip(texts)
        .map(|(place, (_, text))| (place, text))
        .collect())
}

/// What becomes of them, and what is said of those that cannot be extended.
fn edits(lists: Vec<(Place, String)>, names: Names<'_>) -> (Vec<Change>, Vec<String>) {
    let (mut edited, mut left) = (Vec::new(), Vec::new());
    for (place, before) in lists {
        match place.with(&before, names) {
            Ok(after) => edited.push(Change {
                path: place.path,
                before: Some(before),
                after: Some(after),
            }),
            Err(why) => left.push(format!("{}: {why}", place.path)),
        }
    }
    (edited, left)
}
