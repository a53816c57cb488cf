//! `cargo xtask ci …`: the verbs every CI system calls. Each computes the plan anew, so they may
//! run on different machines.

use anyhow::Result;
use taskkit::build::DepInfo;
use xshell::Shell;

use crate::ci::git::Git;
use crate::ci::run::Run;
use crate::environment::project;
use crate::flags::{self, Verb};

mod apps;
mod choice;
mod content;
mod forge;
mod gate;
mod git;
mod held_back;
mod history;
mod hold;
mod http;
mod images;
mod kept;
mod look;
mod pins;
mod plan;
mod proposal;
mod proposals;
mod propose;
mod registry;
mod releases;
mod report;
mod reproduce;
mod results;
mod revision;
mod rollback;
mod rules;
mod run;
mod sbom;
pub(crate) mod settings;
mod sign;
mod tag;
// wing: release-tests
#[cfg(test)]
mod tests;
// end of wing
mod timings;
mod verbs;
mod version;
mod versions; // wing: versions
mod wanted;

impl flags::Ci {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let folder = sh.current_dir().join(results::FOLDER);
        timings::timed(&folder, self.verb.name(), || verb(sh, &self.verb))
    }
}

impl flags::Inputs {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let of = |(name, file): (String, _)| {
            let app = project().app(&name)?;
            Ok(DepInfo { app, file })
        };
        let compiled = self.made.into_iter().map(of).collect::<Result<Vec<_>>>()?;
        content::read::check_work_tree(&sh.current_dir(), &compiled)
    }
}

impl flags::Rollback {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let git = Git::new(sh);
        Run::new(sh, &git)?.roll_back(&self)
    }
}

impl flags::Releases {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let git = Git::new(sh);
        Run::new(sh, &git)?.releases(&self)
    }
}

fn verb(sh: &Shell, verb: &Verb) -> Result<()> {
    let git = Git::new(sh);
    let run = Run::new(sh, &git)?;
    match verb {
        Verb::Plan => run.plan(),
        Verb::Build(flags) => run.build(flags),
        Verb::Push => run.push(),
        Verb::Propose(flags) => run.propose(flags),
        Verb::Promote(flags) => run.promote(flags),
        Verb::Advance(flags) => run.advance(flags),
        Verb::Follow(flags) => run.follow(flags), // wing: versions
        Verb::Reproduce(flags) => run.reproduce(flags),
        Verb::Controller(flags) => run.controller(flags),
        Verb::Tag { version } => run.tag(version),
    }
}
