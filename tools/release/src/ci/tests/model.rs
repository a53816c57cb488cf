//! A registry and a forge in memory. The forge's proposals are in memory too, its merges are Git's
//! own, in the bare repository.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Result, bail};
use xshell::Shell;

use super::{git, shell};
use crate::ci::forge::{self, Error, Open, Proposal, Status};
use crate::ci::registry::{self, Images};

/// The image's name, which these tests never use.
pub(super) fn image(app: &str) -> String {
    format!("registry.invalid/loop/{app}")
}

/// Tags never move, as on ECR.
#[derive(Debug, Default, Clone)]
pub(super) struct Registry(pub(super) Arc<Mutex<BTreeMap<(String, String), String>>>);

impl Registry {
    pub(super) fn push(&self, app: &str, tag: &str) {
        let key = (app.to_owned(), tag.to_owned());
        let mut images = self.0.lock().unwrap();
        images.entry(key).or_insert_with(|| digest(tag));
    }
}

/// The digest of the image that is tagged `tag`.
pub(super) fn digest(tag: &str) -> String {
    format!("sha256:{tag}")
}

impl Images for Registry {
    fn digest(&self, app: &str, tag: &str) -> Result<Option<String>, registry::Error> {
        let images = self.0.lock().unwrap();
        Ok(images.get(&(app.to_owned(), tag.to_owned())).cloned())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Merged,
    Closed,
}

/// Proposals by number, and everything that was written, in words.
#[derive(Debug, Default)]
struct Kept {
    proposals: Vec<(String, State)>,
    written: Vec<String>,
    /// Newest last, each with its commit.
    statuses: Vec<(String, Status)>,
}

#[derive(Clone)]
pub(super) struct Forge {
    remote: PathBuf,
    kept: Arc<Mutex<Kept>>,
}

/// How a proposal becomes part of its base.
#[derive(Debug, Clone, Copy)]
pub(super) enum Merge {
    Commit,
    Squash,
}

impl Forge {
    pub(super) fn of(remote: PathBuf) -> Self {
        Self {
            remote,
            kept: Arc::default(),
        }
    }

    /// Has somebody report about a commit.
    pub(super) fn report(&self, commit: &str, context: &str, state: forge::State) {
        let status = Status {
            context: context.to_owned(),
            state,
            description: format!("{state:?}"),
        };
        self.kept
            .lock()
            .unwrap()
            .statuses
            .push((commit.to_owned(), status));
    }

    /// Branches of the open proposals.
    pub(super) fn open_branches(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        let open = kept.proposals.iter().filter(|(_, state)| *state == State::Open);
        open.map(|(branch, _)| branch.clone()).collect()
    }

    /// Everything that runs and reviewers did here, in words.
    pub(super) fn written(&self) -> Vec<String> {
        self.kept.lock().unwrap().written.clone()
    }

    /// What a reviewer does; false: Git finds a conflict, or there is no such open proposal.
    pub(super) fn merge(&self, branch: &str, how: Merge) -> bool {
        let sh: Shell = shell();
        sh.change_dir(&self.remote);
        let mut kept = self.kept.lock().unwrap();
        let is_it = |(name, state): &&mut (String, State)| name == branch && *state == State::Open;
        let Some((_, state)) = kept.proposals.iter_mut().find(is_it) else {
            return false;
        };
        let head = format!("refs/heads/{branch}");
        let master = "refs/heads/master";
        let Ok(tree) = git(&sh, &["merge-tree", "--write-tree", master, &head]).read() else {
            return false;
        };
        let second: &[&str] = match how {
            Merge::Commit => &["-p", &head],
            Merge::Squash => &[],
        };
        let commit = git(&sh, &["commit-tree", &tree, "-m", "Merge", "-p", master])
            .args(second)
            .read()
            .expect("merge");
        git(&sh, &["update-ref", master, &commit])
            .run()
            .expect("move master");
        *state = State::Merged;
        kept.written.push(format!("merge {branch}"));
        true
    }
}

impl forge::Forge for Forge {
    fn open_proposals(&self, prefix: &str) -> Result<Vec<Open>> {
        let kept = self.kept.lock().unwrap();
        let open = |(number, (branch, state)): (usize, &(String, State))| {
            let is_open = *state == State::Open && branch.starts_with(prefix);
            is_open.then(|| Open {
                id: number.to_string(),
                branch: branch.clone(),
                reference: format!("#{number}"),
            })
        };
        Ok(kept.proposals.iter().enumerate().filter_map(open).collect())
    }

    fn open(&self, proposal: &Proposal) -> Result<(), Error> {
        let mut kept = self.kept.lock().unwrap();
        if kept.proposals.contains(&(proposal.branch.clone(), State::Open)) {
            return Err(Error::Exists);
        }
        kept.proposals.push((proposal.branch.clone(), State::Open));
        kept.written.push(format!("open {}", proposal.branch));
        Ok(())
    }

    fn statuses(&self, commit: &str) -> Result<Option<Vec<Status>>> {
        let kept = self.kept.lock().unwrap();
        let of_commit = kept.statuses.iter().filter(|(of, _)| of == commit);
        let newest: BTreeMap<_, _> = of_commit
            .map(|(_, status)| (status.context.clone(), status.clone()))
            .collect();
        Ok(Some(newest.into_values().collect()))
    }

    /// Gitea refuses to close what is merged.
    fn close(&self, proposal: &Open, _: &str) -> Result<()> {
        let mut kept = self.kept.lock().unwrap();
        let number: usize = proposal.id.parse()?;
        let (_, state) = &mut kept.proposals[number];
        if *state == State::Merged {
            bail!("#{number} is merged");
        }
        *state = State::Closed;
        kept.written.push(format!("close {}", proposal.branch));
        Ok(())
    }
}
