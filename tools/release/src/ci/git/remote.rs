//! A repository elsewhere: its branches are listed, fetched and moved, and a refusal has a name.

mod error;
mod tags; // wing: versions

use std::collections::BTreeMap;
use std::env::var;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

pub(crate) use self::error::Error;
use super::{Git, ORIGIN};

/// Branches and the commits they point at.
pub(crate) type Heads = BTreeMap<String, String>;

/// Where branches are read and written.
pub(crate) trait Remote {
    /// The branches that match one of `patterns`, as they are at one instant. A pattern is a name
    /// in which `*` matches anything.
    fn heads(&self, patterns: &[String]) -> Result<Heads>;
    /// Brings the history of `branches` into the checkout.
    fn bring(&self, branches: &[&str]) -> Result<()>;
    /// Brings a commit by its name, whatever branch has it, with its history. False: the remote
    /// does not have it, or gives only what a branch has.
    fn bring_commit(&self, commit: &str) -> Result<bool>;
    /// Moves one branch, if it still is where the caller saw it.
    fn update(&self, update: &Update<'_>) -> Result<(), Error>;
}

/// A compare-and-swap of a branch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Update<'a> {
    pub(crate) branch: &'a str,
    /// Where it was seen; `None`: there was none.
    pub(crate) old: Option<&'a str>,
    /// Where it shall be; `None`: gone.
    pub(crate) new: Option<&'a str>,
    /// What the remote is told with the push.
    pub(crate) options: &'a [String],
}

/// A remote of the checkout, by its name or by an address of its own.
pub(crate) struct GitRemote<'g, 'sh> {
    git: &'g Git<'sh>,
    name: &'static str,
    address: String,
    token: Option<String>,
}

/// A name for an address that no setting of the checkout holds.
const ELSEWHERE: &str = "gitops-loop-infra";

impl<'g, 'sh> GitRemote<'g, 'sh> {
    /// Where the checkout comes from.
    pub(crate) fn origin(git: &'g Git<'sh>) -> Result<Self> {
        ensure!(
            git.view()?.has_remote(ORIGIN),
            "this checkout has no remote {ORIGIN}, which the release verbs read; add it by `git remote add {ORIGIN} URL`"
        );
        let address = git.read(&["ls-remote", "--get-url", ORIGIN])?;
        Ok(Self {
            git,
            name: ORIGIN,
            address,
            token: None,
        })
    }

    pub(crate) fn at(git: &'g Git<'sh>, address: String) -> Self {
        Self {
            git,
            name: ELSEWHERE,
            address,
            token: None,
        }
    }

    /// `token`: what the forge accepts as a password over http; other transports bring their own
    /// credentials.
    pub(crate) fn with_token(self, token: Option<String>) -> Self {
        Self { token, ..self }
    }

    /// The address without credentials.
    pub(crate) fn url(&self) -> String {
        let Some((scheme, rest)) = self.address.split_once("://") else {
            return self.address.clone();
        };
        // Behind the host, `@` is part of a path.
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        format!("{scheme}://{host}{path}")
    }

    /// Whether both are on one host, which then may be shown the same token.
    pub(crate) fn same_host(&self, other: &Self) -> bool {
        http_origin(&self.url()).is_some_and(|host| Some(host) == http_origin(&other.url()))
    }

    fn run(&self, args: &[&str]) -> Result<String, Error> {
        let other = |error: anyhow::Error| Error::Other(self.url(), format!("{error:#}"));
        let git = self.authorized(args).map_err(other)?;
        let output = git.output().map_err(|error| other(error.into()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Error::of(&self.url(), &String::from_utf8_lossy(&output.stderr)))
    }

    fn fetch(&self, what: &[&str]) -> Result<(), Error> {
        let fetch = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            self.name,
        ];
        self.run(&[&fetch, what].concat()).map(drop)
    }

    /// Credentials and the address go by environment, the first to the remote's host alone: a
    /// command line is for everybody to read.
    fn authorized(&self, args: &[&str]) -> Result<gitkit::Git> {
        let mut git = self.git.cmd(args)?;
        if self.name == ELSEWHERE {
            git = git.setting(format!("remote.{ELSEWHERE}.url"), &self.address);
        }
        let url = self.url();
        if let (Some(token), Some(_)) = (&self.token, http_origin(&url)) {
            let credentials = BASE64_STANDARD.encode(format!("x-access-token:{token}"));
            let header = format!("Authorization: Basic {credentials}");
            // A server takes one such header, and the checkout may keep another. Of headers for
            // several addresses, Git sends none that is for less than one before it; so this one is
            // for the address itself.
            git = git
                .without(is_authorization)
                .setting(format!("http.{url}.extraHeader"), header);
        }
        // Git finds no authority by these; what it is told for one host alone still wins.
        for (name, key) in [
            ("SSL_CERT_FILE", "http.sslCAInfo"),
            ("SSL_CERT_DIR", "http.sslCAPath"),
        ] {
            if let Some(value) = var(name).ok().filter(|value| !value.is_empty()) {
                git = git.setting(key, value);
            }
        }
        Ok(git)
    }
}

impl Remote for GitRemote<'_, '_> {
    fn heads(&self, patterns: &[String]) -> Result<Heads> {
        // Git also lists branches that end like a pattern, such as `x/refs/heads/master`.
        let is_meant = |branch: &str| {
            let fits = |pattern: &String| match pattern.split_once('*') {
                Some((start, _)) => branch.starts_with(start),
                None => branch == pattern,
            };
            patterns.iter().any(fits)
        };
        let references: Vec<_> = patterns.iter().map(|name| format!("refs/heads/{name}")).collect();
        let mut args = vec!["ls-remote", "--heads", self.name];
        args.extend(references.iter().map(String::as_str));
        let answer = self.run(&args).context("list the branches")?;
        let head = |line: &str| {
            let (commit, reference) = line.split_once('\t')?;
            let branch = reference.strip_prefix("refs/heads/")?;
            Some((branch.to_owned(), commit.to_owned()))
        };
        let heads = answer.lines().filter_map(head);
        Ok(heads.filter(|(branch, _)| is_meant(branch)).collect())
    }

    fn bring(&self, branches: &[&str]) -> Result<()> {
        // In full: a tag of the same name would be taken first.
        let references: Vec<_> = branches.iter().map(|name| format!("refs/heads/{name}")).collect();
        let references: Vec<_> = references.iter().map(String::as_str).collect();
        self.fetch(&references)
            .with_context(|| format!("fetch {}", branches.join(" and ")))
    }

    fn bring_commit(&self, commit: &str) -> Result<bool> {
        match self.fetch(&[commit]) {
            Ok(()) => Ok(true),
            // Each server has words of its own for this.
            Err(Error::Other(..)) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("fetch commit {commit}")),
        }
    }

    fn update(&self, update: &Update<'_>) -> Result<(), Error> {
        let reference = format!("refs/heads/{}", update.branch);
        let lease = format!(
            "--force-with-lease={reference}:{}",
            update.old.unwrap_or_default()
        );
        let refspec = format!("{}:{reference}", update.new.unwrap_or_default());
        let mut args = vec!["push", "--quiet", &lease];
        for option in update.options {
            args.extend(["-o", option]);
        }
        args.extend([self.name, &refspec]);
        self.run(&args).map(|_| ())
    }
}

/// Whether a setting has Git say who asks, as a checkout by CI leaves it.
fn is_authorization(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let header = value.split(':').next().unwrap_or_default().trim();
    key.starts_with("http.") && key.ends_with(".extraheader") && header.eq_ignore_ascii_case("authorization")
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
