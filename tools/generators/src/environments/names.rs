//! Which names an environment may not have because something else has them. What makes a name
//! well-formed and short enough, the crate `project` knows.

use anyhow::{Result, bail, ensure};
use project::Project;

use super::{Names, copies};
use crate::apps::worktree::Worktree;

/// An error if something is called so; `texts` are the files that would name the environment, as
/// they are now.
pub(super) fn check<'t>(
    worktree: &Worktree,
    project: &Project,
    names: Names<'_>,
    texts: impl Iterator<Item = (&'t String, &'t String)>,
) -> Result<()> {
    let name = names.name;
    let taken = |what: &str| bail!("`{name}` is {what}; choose another name");
    if project.app(name).is_ok() {
        return taken("an app, and files of both would be called alike");
    }
    if [project.name(), project.application()].contains(&name) {
        return taken("what all apps and environments are called together");
    }
    for (path, text) in texts {
        ensure!(
            !copies::has_word(text, name),
            "`{name}` is a word that {path} has already, and the environment's name could not be told from it; choose another name, \
             or take the word out there first"
        );
    }
    branch(worktree, names.branch)
}

/// An error if somebody uses the branch, or Git could not make it beside one that is there.
fn branch(worktree: &Worktree, branch: &str) -> Result<()> {
    let below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    let mut there = worktree.branches()?.into_iter();
    let used = there.find(|other| other == branch || below(other, branch) || below(branch, other));
    match used {
        None => Ok(()),
        Some(other) if other == branch => bail!(
            "there is a branch `{branch}`, and what is pushed to it would be released; name another by --branch, or remove it first: \
             git branch --delete {branch}; git push origin --delete {branch}"
        ),
        Some(other) => {
            bail!(
                "there is a branch `{other}`, beside which Git makes no `{branch}`; name another by --branch"
            )
        }
    }
}
