//! `cargo xtask ci …`: the verbs every CI system calls. Each computes the plan anew, so they may run on different machines.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ureq::Agent;
use xshell::Shell;

use crate::build;
use crate::ci::forge::Client;
use crate::ci::git::Git;
use crate::ci::kept::Kept;
use crate::ci::plan::{Action, Plan};
use crate::ci::settings::{Engine, Forge, Registry, Release};
use crate::flags::{self, Verb};

mod apps;
mod forge;
mod git;
mod images;
mod kept;
mod overlay;
mod plan;
mod propose;
mod registry;
mod settings;
#[cfg(test)]
mod tests;

/// No answer of a registry or a forge takes longer than this.
const ANSWER: Duration = Duration::from_mins(1);
/// In the checkout, not in `CARGO_TARGET_DIR`: that may be shared by runs of different commits.
const FOLDER: &str = "target/ci";

impl flags::Ci {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let run = Run {
            sh,
            git: Git::new(sh, settings::git_token()?),
            agent: Agent::config_builder()
                .timeout_global(Some(ANSWER))
                .http_status_as_error(false)
                .build()
                .new_agent(),
            registry: Registry::from_env()?,
            release: Release::from_env()?,
        };
        match self.verb {
            Verb::Plan => run.plan(),
            Verb::Build(flags) => run.build(&flags),
            Verb::Push => run.push(),
            Verb::Propose => run.propose(),
        }
    }
}

struct Run<'sh> {
    sh: &'sh Shell,
    git: Git<'sh>,
    agent: Agent,
    registry: Registry,
    release: Release,
}

impl Run<'_> {
    fn plan(&self) -> Result<()> {
        let plan = self.compute()?;
        plan.print();
        let folder = self.folder();
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let file = folder.join("plan.json");
        let json = serde_json::to_string_pretty(&plan).context("write the plan as JSON")?;
        fs::write(&file, json + "\n").with_context(|| format!("write {}", file.display()))
    }

    fn build(&self, flags: &flags::CiBuild) -> Result<()> {
        let plan = self.compute()?;
        plan.refuse_missing()?;
        let wanted: Vec<_> = plan.with_action(Action::Build).collect();
        if wanted.is_empty() {
            println!("nothing to build");
            return Ok(());
        }
        let engine = Engine::from_env()?;
        let out = self.folder();
        let options = flags.toolchain.options();
        let kept = Kept::beside_results(self.sh, &self.git, options)?;
        let mut missing = false;
        for app in &wanted {
            missing |= !kept.restore(self.sh, app, &build::context_of(&out, app.name))?;
        }
        if missing {
            build::apps(self.sh, &out, options)?;
            for app in &wanted {
                kept.keep(self.sh, app, &build::context_of(&out, app.name))?;
            }
        }
        let source = self.git.remote_url()?;
        for app in wanted {
            let context = build::context_of(&out, app.name);
            images::build(self.sh, engine, app, &plan, &source, &context)?;
            println!("built     {} ({:.1} MB)", app.image, build::megabytes(&context)?);
        }
        Ok(())
    }

    fn push(&self) -> Result<()> {
        let plan = self.compute()?;
        plan.refuse_missing()?;
        let wanted: Vec<_> = plan.with_action(Action::Build).collect();
        if wanted.is_empty() {
            println!("nothing to push");
        }
        for app in wanted {
            images::push(self.sh, Engine::from_env()?, &self.registry, app)?;
            println!("pushed    {}", app.image);
        }
        Ok(())
    }

    fn propose(&self) -> Result<()> {
        let forge = Forge::from_env()?;
        let plan = self.compute()?;
        let Some(proposal) = propose::push_branch(&self.git, &plan)? else {
            println!(
                "nothing to propose: {} is pinned to the images of this commit",
                plan.environment
            );
            return Ok(());
        };
        let client = Client {
            agent: &self.agent,
            forge: &forge,
        };
        let pull_request = propose::open(&self.git, &client, &plan, &proposal)?;
        println!("proposed  {} ({})", pull_request.html_url, proposal.title);
        Ok(())
    }

    fn compute(&self) -> Result<Plan> {
        plan::compute(&self.git, &self.agent, &self.registry, self.release)
    }

    fn folder(&self) -> PathBuf {
        self.sh.current_dir().join(FOLDER)
    }
}
