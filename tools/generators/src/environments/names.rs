//! Which names an environment may not have because something else has them. What makes a name
//! well-formed and short enough, the crate `project` knows.

use anyhow::{Result, bail, ensure};
use project::Project;

use super::{Names, copies};
use crate::worktree::Worktree;

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
    let used = worktree
        .branches()?
        .into_iter()
        .find(|other| clash(other, branch));
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

/// Whether Git cannot have both. It keeps a branch in a file of its name, and some systems take two
/// names for one file that differ only in their case.
fn clash(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    one == other || below(&one, &other) || below(&other, &one)
}

#[cfg(test)]
mod tests {
    use super::clash;

    #[test]
    fn branches_that_git_cannot_have_beside_each_other_clash() {
        for (one, other) in [
            ("master", "master"),
            ("master", "Master"),
            ("release", "release/next"),
            ("Release/next", "release"),
        ] {
            assert!(clash(one, other) && clash(other, one), "{one} {other}");
        }
        for (one, other) in [("master", "masters"), ("release", "release-next"), ("a/b", "a/c")] {
            assert!(!clash(one, other) && !clash(other, one), "{one} {other}");
        }
    }
}
