//! How files came to be what they are, by all ways that lead there: a branch that was brought up to
//! date and then taken over as it is has the main line behind its second parent.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};

use super::Git;
use crate::ci::content::{PROSE, overlays};

/// A commit that changed one of the files that were asked for.
pub(crate) struct Change {
    pub(crate) commit: String,
    pub(crate) message: String,
    /// The files in it, in the order asked for; none where there is no such file.
    pub(crate) after: Vec<Option<String>>,
    /// The files in each of its parents.
    pub(crate) before: Vec<Vec<Option<String>>>,
}

/// What is between two objects in Git's answer to a batch, and in that to a list of commits.
const END_OF_COMMIT: char = '\0';

/// The names that each file has had, the present one first.
type Names = Vec<Vec<String>>;

impl Git<'_> {
    /// The commits in the history of `tip` that changed one of `paths`, each one before its
    /// parents. What a file was before its folder was renamed counts.
    pub(crate) fn changes(&self, tip: &str, paths: &[String]) -> Result<Vec<Change>> {
        let mut names: Names = paths.iter().map(|path| vec![path.clone()]).collect();
        loop {
            let changes = self.changes_of(tip, &names)?;
            let earlier = self.earlier_names(&changes, &names)?;
            if earlier.is_empty() {
                return Ok(changes);
            }
            for (at, name) in earlier {
                names[at].push(name);
            }
        }
    }

    fn changes_of(&self, tip: &str, names: &Names) -> Result<Vec<Change>> {
        let mut args = vec![
            "rev-list",
            "--full-history",
            "--topo-order",
            "--header",
            tip,
            "--",
        ];
        args.extend(names.iter().flatten().map(String::as_str));
        let found = self.cmd(&args)?.bytes();
        let found = found.with_context(|| format!("list the changes of {}", args[6..].join(" and ")))?;
        let found = String::from_utf8_lossy(&found);
        let commits: Vec<_> = found.split(END_OF_COMMIT).filter_map(Header::of).collect();
        let sides = commits
            .iter()
            .flat_map(|commit| std::iter::once(commit.name).chain(commit.parents.iter().copied()));
        let objects: Vec<_> = sides
            .flat_map(|side| names.iter().flatten().map(move |path| format!("{side}:{path}")))
            .collect();
        let mut files = self.files(&objects)?.into_iter();
        let mut of_one = || -> Vec<Option<String>> {
            let of_file = |names: &Vec<String>| {
                let texts: Vec<_> = files.by_ref().take(names.len()).collect();
                texts.into_iter().flatten().next()
            };
            names.iter().map(of_file).collect()
        };
        Ok(commits
            .iter()
            .map(|commit| Change {
                commit: commit.name.to_owned(),
                message: commit.message.to_owned(),
                after: of_one(),
                before: commit.parents.iter().map(|_| of_one()).collect(),
            })
            .collect())
    }

    /// What files were called before one of `changes` gave them one of `names`: the places of the
    /// files, and new names of theirs.
    fn earlier_names(&self, changes: &[Change], names: &Names) -> Result<Vec<(usize, String)>> {
        let mut found = Vec::new();
        for change in changes {
            let [before] = change.before.as_slice() else {
                continue;
            };
            let appears = |at: &usize| change.after[*at].is_some() && before[*at].is_none();
            let files: Vec<_> = (0..names.len()).filter(appears).collect();
            if files.is_empty() {
                continue;
            }
            for (old, new) in self.renames(&change.commit)? {
                let is_it = |at: &&usize| names[**at].contains(&new) && !names[**at].contains(&old);
                if let Some(at) = files.iter().find(is_it) {
                    found.push((*at, old));
                }
            }
        }
        Ok(found)
    }

    /// The files that `commit` gave another name: the old one and the new one.
    fn renames(&self, commit: &str) -> Result<Vec<(String, String)>> {
        let args = [
            "diff-tree",
            "-r",
            "-z",
            "-M20%",
            "--diff-filter=R",
            "--name-status",
            "--no-commit-id",
            commit,
        ];
        let said = self.cmd(&args)?.bytes();
        let said = said.with_context(|| format!("find what {commit} renamed"))?;
        let said = String::from_utf8_lossy(&said);
        let words: Vec<_> = said.split_terminator('\0').collect();
        let renames = words.chunks_exact(3);
        Ok(renames
            .map(|rename| (rename[1].to_owned(), rename[2].to_owned()))
            .collect())
    }

    /// The texts of files, each named `COMMIT:PATH`; none where there is no such file.
    fn files(&self, objects: &[String]) -> Result<Vec<Option<String>>> {
        let objects: Vec<_> = objects.iter().map(String::as_str).collect();
        // Whoever wrote a file of no text released nothing by it.
        let text = |file: Option<Vec<u8>>| String::from_utf8(file?).ok();
        Ok(self.objects(&objects)?.into_iter().map(text).collect())
    }

    /// What Git has under these names; nothing where it has nothing.
    pub(super) fn objects(&self, names: &[&str]) -> Result<Vec<Option<Vec<u8>>>> {
        let contents = self.view()?.contents(names.iter().copied());
        contents.context("read files of the history")
    }

    /// Those of `commits` that are in the history of none of the others.
    pub(crate) fn latest_of(&self, commits: &BTreeSet<&str>) -> Result<Vec<String>> {
        if commits.len() < 2 {
            return Ok(commits.iter().map(|&commit| commit.to_owned()).collect());
        }
        let mut args = vec!["merge-base", "--independent"];
        args.extend(commits);
        let found = self.read(&args).context("find the latest of several commits")?;
        Ok(found.lines().map(str::to_owned).collect())
    }

    /// The commits on the main line of `tip`, newest first and at most `most`, that have `paths` as
    /// `tip` has them, up to the one that brought them so.
    pub(crate) fn main_line_with(&self, tip: &str, paths: &[String], most: usize) -> Result<Vec<String>> {
        let mut args = vec!["rev-list", "--first-parent", "--max-count=1", tip, "--"];
        args.extend(paths.iter().map(String::as_str));
        let what = || format!("find what brought {}", paths.join(" and "));
        let first = self.read(&args).with_context(what)?;
        if first.is_empty() {
            return Ok(Vec::new());
        }
        let (later, most) = (format!("^{first}"), format!("--max-count={most}"));
        let later = self.read(&["rev-list", "--first-parent", &most, tip, &later]);
        let later = later.with_context(what)?;
        Ok(later.lines().map(str::to_owned).chain([first]).collect())
    }

    /// The history of `tip`, each commit before its parents.
    pub(crate) fn history(&self, tip: &str) -> Result<Vec<String>> {
        let found = self.read(&["rev-list", "--topo-order", tip]);
        let found = found.with_context(|| format!("list the history of {tip}"))?;
        Ok(found.lines().map(str::to_owned).collect())
    }

    /// The last commit in the history of `tip` that changed what images are made from; prose beside
    /// the code does not.
    pub(crate) fn last_change(&self, tip: &str) -> Result<String> {
        self.once(&format!("last change {tip}"), || {
            let found = self.content_changes(&["-1", "--first-parent", tip], &[tip])?;
            let found = found.iter().map(String::as_str).collect();
            Ok(self.latest_of(&found)?.pop().unwrap_or_else(|| tip.to_owned()))
        })
    }

    /// The commits after `start`, and made with it in their history, that changed what images are
    /// made from, up to `tip`.
    pub(crate) fn changes_since(&self, start: &str, tip: &str) -> Result<Vec<String>> {
        self.content_changes(&["--ancestry-path", tip, &format!("^{start}")], &[start, tip])
    }

    /// Those that changed an input of one of `ends`. Whatever makes a file an input, or none any
    /// more, is a change of another input.
    fn content_changes(&self, limits: &[&str], ends: &[&str]) -> Result<Vec<String>> {
        let (mut places, mut prose) = (BTreeSet::new(), BTreeSet::new());
        for end in ends {
            let contents = self.contents(end)?;
            places.extend(contents.places);
            prose.extend(contents.prose);
        }
        let literal = |path: &String| format!(":(top,literal){path}");
        let mut code: Vec<_> = places.iter().map(literal).collect();
        code.push(format!(":(exclude)*{PROSE}"));
        // Where everything counts, what CI itself writes does not.
        code.extend(overlays().map(|path| format!(":(exclude,top,literal){path}")));
        let mut found = self.commits_of(limits, &code)?;
        if !prose.is_empty() {
            found.extend(self.commits_of(limits, &prose.iter().map(literal).collect::<Vec<_>>())?);
        }
        Ok(found)
    }

    fn commits_of(&self, limits: &[&str], paths: &[String]) -> Result<Vec<String>> {
        let mut args = [&["rev-list"], limits, &["--"]].concat();
        args.extend(paths.iter().map(String::as_str));
        let found = self.read(&args).context("find the changes of the apps")?;
        Ok(found.lines().map(str::to_owned).collect())
    }
}

/// A commit as `git rev-list --header` shows it.
struct Header<'t> {
    name: &'t str,
    parents: Vec<&'t str>,
    message: &'t str,
}

impl<'t> Header<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (name, rest) = text.split_once('\n')?;
        let (header, message) = rest.split_once("\n\n").unwrap_or((rest, ""));
        let parents = header.lines().filter_map(|line| line.strip_prefix("parent "));
        Some(Self {
            name: name.trim(),
            parents: parents.collect(),
            message,
        })
    }
}
