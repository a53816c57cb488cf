//! Git as the release verbs need it: read trees, fetch and push. Never touches the work tree or the user's index.

use std::env::var;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use xshell::{Cmd, Shell, cmd};

use crate::ci::apps::{App, IGNORED_SUFFIX, SHARED};

/// The remote that is read from and pushed to.
const REMOTE: &str = "origin";
const AUTHOR: &str = "gitops-loop-ci";
const AUTHOR_EMAIL: &str = "ci@gitops-loop.invalid";

/// The checkout a shell stands in.
pub(crate) struct Git<'sh> {
    sh: &'sh Shell,
    token: Option<String>,
}

impl<'sh> Git<'sh> {
    /// `token`: what the forge accepts as a password over http; other transports bring their own credentials.
    pub(crate) fn new(sh: &'sh Shell, token: Option<String>) -> Self {
        Self { sh, token }
    }

    pub(crate) fn head(&self) -> Result<String> {
        self.cmd(&["rev-parse", "HEAD"])
            .read()
            .context("find the commit to release")
    }

    /// The remote's address without credentials.
    pub(crate) fn remote_url(&self) -> Result<String> {
        let url = self
            .cmd(&["remote", "get-url", REMOTE])
            .read()
            .with_context(|| format!("find remote {REMOTE}"))?;
        Ok(match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
            _ => url,
        })
    }

    /// Hash over everything the image of `app` is made from, as committed in `commit`.
    pub(crate) fn fingerprint(&self, commit: &str, app: &App) -> Result<String> {
        let mut args = vec!["ls-tree", "-r", "--full-tree", commit, "--"];
        args.extend(SHARED.iter().chain(app.paths));
        let tree = self
            .cmd(&args)
            .read()
            .with_context(|| format!("list the files of {}", app.name))?;
        let content: String = tree
            .lines()
            .filter(|line| !line.ends_with(IGNORED_SUFFIX))
            .flat_map(|line| [line, "\n"])
            .collect();
        if !content.contains(&format!("\t{}/", app.name)) {
            bail!(
                "commit {commit} has no files of {}; check the paths in xtask/src/ci/apps.rs",
                app.name
            );
        }
        self.hash(&content)
    }

    pub(crate) fn hash(&self, text: &str) -> Result<String> {
        self.cmd(&["hash-object", "--stdin"])
            .stdin(text)
            .read()
            .context("hash a text")
    }

    /// Brings `branch` from the remote and answers its commit.
    pub(crate) fn fetch(&self, branch: &str) -> Result<String> {
        self.authorized(&["fetch", "--quiet", "--no-tags", REMOTE, branch])?
            .run()
            .with_context(|| format!("fetch branch {branch} of {REMOTE}"))?;
        self.cmd(&["rev-parse", "FETCH_HEAD"])
            .read()
            .context("read what was fetched")
    }

    pub(crate) fn file(&self, commit: &str, path: &str) -> Result<String> {
        let object = format!("{commit}:{path}");
        // `read` would trim the last newline, and the file is written back.
        let output = self
            .cmd(&["show", &object])
            .output()
            .with_context(|| format!("read {path} of {commit}"))?;
        String::from_utf8(output.stdout).with_context(|| format!("{path} is not valid UTF-8"))
    }

    /// Whether the history of `descendant` holds `ancestor`. Unknown commits (a shallow clone) count as unrelated.
    pub(crate) fn is_ancestor(&self, ancestor: &str, descendant: &str) -> bool {
        self.cmd(&["merge-base", "--is-ancestor", ancestor, descendant])
            .ignore_stderr()
            .run()
            .is_ok()
    }

    /// A commit on top of `parent` that replaces `files`. It exists in the object store only, and the same input gives
    /// the same commit: it is dated like `source`.
    pub(crate) fn commit(
        &self,
        parent: &str,
        source: &str,
        files: &[(String, String)],
        text: &str,
    ) -> Result<String> {
        let scratch = tempfile::tempdir().context("make a folder for a Git index")?;
        let index = scratch.path().join("index");
        self.with_index(&index, &["read-tree", parent])
            .run()
            .context("read the tree to change")?;
        for (path, content) in files {
            let blob = self
                .cmd(&["hash-object", "-w", "--stdin"])
                .stdin(content)
                .read()?;
            let entry = format!("100644,{blob},{path}");
            self.with_index(&index, &["update-index", "--cacheinfo", &entry])
                .run()
                .with_context(|| format!("change {path}"))?;
        }
        let tree = self
            .with_index(&index, &["write-tree"])
            .read()
            .context("write the changed tree")?;
        let date = self.cmd(&["show", "--no-patch", "--format=%cI", source]).read()?;
        let mut commit = self
            .cmd(&["commit-tree", "--no-gpg-sign", &tree, "-p", parent, "-F", "-"])
            .stdin(text);
        for role in ["AUTHOR", "COMMITTER"] {
            commit = commit
                .env(format!("GIT_{role}_NAME"), AUTHOR)
                .env(format!("GIT_{role}_EMAIL"), AUTHOR_EMAIL)
                .env(format!("GIT_{role}_DATE"), &date);
        }
        commit.read().context("write the commit")
    }

    /// Makes the remote's `branch` point at `commit`. Only for branches that CI owns: whatever was there is replaced.
    pub(crate) fn push(&self, commit: &str, branch: &str) -> Result<()> {
        let refspec = format!("+{commit}:refs/heads/{branch}");
        self.authorized(&["push", "--quiet", REMOTE, &refspec])?
            .run()
            .with_context(|| format!("push branch {branch} to {REMOTE}"))
    }

    fn with_index(&self, index: &Path, args: &[&str]) -> Cmd<'sh> {
        self.cmd(args).env("GIT_INDEX_FILE", index)
    }

    /// Credentials go by environment and to the remote's host alone: a command line is for everybody to read.
    fn authorized(&self, args: &[&str]) -> Result<Cmd<'sh>> {
        let cmd = self.cmd(args);
        let url = self.remote_url()?;
        let (Some(token), Some(host)) = (&self.token, http_origin(&url)) else {
            return Ok(cmd);
        };
        let credentials = BASE64_STANDARD.encode(format!("x-access-token:{token}"));
        // The caller may have settings of its own in this list.
        let next: usize = var("GIT_CONFIG_COUNT")
            .ok()
            .and_then(|count| count.parse().ok())
            .unwrap_or(0);
        Ok(cmd
            .env("GIT_CONFIG_COUNT", (next + 1).to_string())
            .env(
                format!("GIT_CONFIG_KEY_{next}"),
                format!("http.{host}/.extraHeader"),
            )
            .env(
                format!("GIT_CONFIG_VALUE_{next}"),
                format!("Authorization: Basic {credentials}"),
            ))
    }

    fn cmd(&self, args: &[&str]) -> Cmd<'sh> {
        cmd!(self.sh, "git {args...}")
            .env("GIT_TERMINAL_PROMPT", "0")
            .quiet()
    }
}

/// Scheme, host and port of an http address.
fn http_origin(url: &str) -> Option<String> {
    let (scheme, rest) = url
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    Some(format!("{scheme}://{}", rest.split('/').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_scoped_to_the_remote_host() {
        assert_eq!(
            http_origin("http://127.0.0.1:3000/a/b.git").as_deref(),
            Some("http://127.0.0.1:3000")
        );
        assert_eq!(http_origin("/srv/git/a.git"), None);
        assert_eq!(http_origin("ssh://git@host/a.git"), None);
    }
}
