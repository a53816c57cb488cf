//! `cargo xtask ci`: the release verbs.

use crate::ci::settings;
use crate::environment::{Environment, named};
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use taskkit::build::toolchain::Toolchain;

#[derive(Debug, Args)]
pub(crate) struct Ci {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Say per app what is in the registry, what is deployed and what will be done; writes
    /// target/ci/plan.json
    Plan,
    /// Build the images of the apps whose content the registry does not have
    Build(CiBuild),
    /// Push what `build` built
    Push,
    /// Open the pull request that pins the images of this commit
    Propose(CiPropose),
    /// Open the pull request that gives one environment the images of another
    Promote(CiPromote),
    /// Propose to each environment behind the first what its branch has, for events that no push
    /// brings
    Advance(CiAdvance),
    // wing: versions
    /// Propose to each environment that follows versions the highest of its range
    /// (docs/VERSIONS.md)
    Follow(CiAdvance),
    // end of wing
    /// Make the images of this commit again, and compare them with those in the registry
    Reproduce(CiBuild),
    /// Build and push the image of a controller, for whoever writes its digest into the manifests
    Controller(CiController),
    /// Give the images of this commit a version as a second tag
    Tag {
        /// As Git's tag: v1.2.3; or the commit itself, which is how previews are looked for
        version: String,
    },
}

impl Verb {
    /// As on the command line.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Build(_) => "build",
            Self::Push => "push",
            Self::Propose(_) => "propose",
            Self::Promote(_) => "promote",
            Self::Advance(_) => "advance",
            Self::Follow(_) => "follow", // wing: versions
            Self::Reproduce(_) => "reproduce",
            Self::Controller(_) => "controller",
            Self::Tag { .. } => "tag",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CiPropose {
    /// Only show the commit, and keep it as target/ci/proposal.patch
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) unverified: Unverified,
}

/// A person's word in place of a proof.
#[derive(Debug, Default, Args)]
pub(crate) struct Unverified {
    /// Do not wait until the environment before has verified it, for this reason; the proposal
    /// keeps it (`RELEASE_UNVERIFIED` says the same)
    #[arg(long, value_name = "REASON")]
    unverified: Option<String>,
}

impl Unverified {
    /// One line that says why, if a person does not wait.
    pub(crate) fn reason(&self) -> Result<Option<String>> {
        let given = self
            .unverified
            .clone()
            .map_or_else(settings::unverified, |reason| Ok(Some(reason)))?;
        let Some(given) = given else {
            return Ok(None);
        };
        let reason = given.trim();
        ensure!(
            !reason.is_empty() && !reason.contains(char::is_control),
            "--unverified needs a reason of one line; the proposal keeps it"
        );
        Ok(Some(reason.to_owned()))
    }
}

#[derive(Debug, Default, Args)]
pub(crate) struct CiPromote {
    /// Whose images; those of the one before in the order of promotion otherwise
    #[arg(long, value_parser = named, value_name = "ENV")]
    pub(crate) from: Option<Environment>,
    /// Which environment is to run them; the last one otherwise
    #[arg(long, value_parser = named, value_name = "ENV")]
    pub(crate) to: Option<Environment>,
    #[command(flatten)]
    pub(crate) unverified: Unverified,
}

#[derive(Debug, Args)]
pub(crate) struct CiAdvance {
    /// To this environment alone
    #[arg(long, value_parser = named, value_name = "ENV")]
    pub(crate) to: Option<Environment>,
    #[command(flatten)]
    unverified: Unverified,
}

impl CiAdvance {
    /// Why the one environment does not wait, if it does not.
    pub(crate) fn reason(&self) -> Result<Option<String>> {
        let reason = self.unverified.reason()?;
        ensure!(
            reason.is_none() || self.to.is_some(),
            "name the one environment that does not wait by --to"
        );
        Ok(reason)
    }
}

#[derive(Debug, Args)]
pub(crate) struct CiBuild {
    #[command(flatten)]
    pub(crate) toolchain: Toolchain,
}

#[derive(Debug, Args)]
pub(crate) struct CiController {
    /// Its folder in controllers/
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) build: CiBuild,
}

#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// An app, and Cargo's list of the files that a program of it was made from
    #[arg(value_name = "APP=FILE", value_parser = made)]
    pub(crate) made: Vec<(String, PathBuf)>,
}

#[derive(Debug, Args)]
pub(crate) struct Releases {
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
    /// Write it as a page, which needs nothing from elsewhere
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Which environment
    #[arg(value_parser = named, value_name = "ENV")]
    pub(crate) environment: Environment,
    /// The release of this commit; the one before the present one otherwise
    #[arg(long, value_name = "COMMIT")]
    pub(crate) to: Option<String>,
}

fn made(text: &str) -> std::result::Result<(String, PathBuf), String> {
    let (app, file) = text.split_once('=').ok_or("expected APP=FILE")?;
    Ok((app.to_owned(), file.into()))
}
