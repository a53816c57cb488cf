//! `cargo xtask ci …`: the verbs every CI system calls. Each computes the plan anew, so they may run on different machines.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use ureq::Agent;
use xshell::Shell;

use crate::build;
use crate::ci::git::Git;
use crate::ci::git::remote::{GitRemote, Remote};
use crate::ci::images::Origin;
use crate::ci::kept::Kept;
use crate::ci::look::Look;
use crate::ci::plan::{AppPlan, Plan};
use crate::ci::propose::{Outcome, Place};
use crate::ci::registry::Registry;
use crate::ci::settings::{Engine, Forge, MAIN_BRANCH, Release, Signing};
use crate::ci::sign::Signer;
use crate::ci::wanted::Wanted;
use crate::flags::{self, Verb};

mod apps;
mod forge;
mod git;
mod images;
mod kept;
mod look;
mod overlay;
mod plan;
mod proposal;
mod propose;
mod registry;
mod report;
mod reproduce;
mod rollback;
mod sbom;
pub(crate) mod settings;
mod sign;
mod tag;
#[cfg(test)]
mod tests;
mod timings;
mod wanted;

/// No answer of a registry or a forge takes longer than this.
const ANSWER: Duration = Duration::from_mins(1);
/// In the checkout, not in `CARGO_TARGET_DIR`: that may be shared by runs of different commits.
const FOLDER: &str = "target/ci";

impl flags::Ci {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let folder = sh.current_dir().join(FOLDER);
        timings::timed(&folder, self.verb.name(), || Run::verb(sh, &self.verb))
    }
}

impl flags::Rollback {
    pub(crate) fn run(self, sh: &Shell) -> Result<()> {
        let git = Git::new(sh);
        Run::new(sh, &git)?.roll_back(&self)
    }
}

struct Run<'a> {
    sh: &'a Shell,
    git: &'a Git<'a>,
    agent: Agent,
    /// The repository of the application.
    source: GitRemote<'a, 'a>,
    /// That of the overlays, where it is another one.
    infra: Option<GitRemote<'a, 'a>>,
}

impl Run<'_> {
    fn verb(sh: &Shell, verb: &Verb) -> Result<()> {
        let git = Git::new(sh);
        let run = Run::new(sh, &git)?;
        match verb {
            Verb::Plan => run.plan(),
            Verb::Build(flags) => run.build(flags),
            Verb::Push => run.push(),
            Verb::Propose(flags) => run.propose(flags),
            Verb::Promote(flags) => run.promote(flags),
            Verb::Reproduce(flags) => run.reproduce(flags),
            Verb::Tag { version } => tag::run(&git, &run.agent, version),
        }
    }
}

impl<'a> Run<'a> {
    fn new(sh: &'a Shell, git: &'a Git<'a>) -> Result<Self> {
        let token = settings::git_token()?;
        let source = GitRemote::origin(git)?;
        let infra = settings::infra_remote()?.map(|address| GitRemote::at(git, address));
        // The token is the forge's, and the forge has the overlays.
        let infra = infra.map(|infra| infra.with_token(token.clone()));
        let shown = infra.as_ref().is_none_or(|infra| infra.same_host(&source));
        Ok(Self {
            sh,
            git,
            agent: Agent::config_builder()
                .timeout_global(Some(ANSWER))
                .http_status_as_error(false)
                .build()
                .new_agent(),
            source: source.with_token(token.filter(|_| shown)),
            infra,
        })
    }

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
        let wanted = plan.to_build(settings::release_apps()?.as_deref());
        if wanted.is_empty() {
            println!("nothing to build");
            return Ok(());
        }
        let engine = Engine::from_env()?;
        let out = self.folder();
        let options = flags.toolchain.options();
        let kept = Kept::beside_results(self.sh, self.git, options)?;
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
        let origin = self.origin(&plan.commit)?;
        for app in wanted {
            let context = build::context_of(&out, app.name);
            images::build(self.sh, engine, app.name, &app.image, &origin, &context)?;
            println!("built     {} ({:.1} MB)", app.image, build::megabytes(&context)?);
        }
        Ok(())
    }

    fn push(&self) -> Result<()> {
        let plan = self.compute()?;
        plan.refuse_missing()?;
        let wanted = plan.to_build(settings::release_apps()?.as_deref());
        if wanted.is_empty() {
            println!("nothing to push");
            return Ok(());
        }
        let settings = settings::Registry::from_env()?;
        let registry = self.registry(&settings)?;
        let (engine, signing) = (Engine::from_env()?, settings::signing()?);
        let mut pushed = Vec::new();
        for app in wanted {
            let digest = images::push(self.sh, engine, &settings, &registry, app)?;
            println!("pushed    {}", app.image);
            pushed.push((app, digest));
        }
        let Some(signing) = signing else {
            println!("unsigned  SIGNING_KEY is not set");
            return Ok(());
        };
        self.sign(&plan, engine, &registry, &signing, &pushed)
    }

    fn sign(
        &self,
        plan: &Plan,
        engine: Engine,
        registry: &Registry<'_>,
        signing: &Signing,
        pushed: &[(&AppPlan, String)],
    ) -> Result<()> {
        let signer = Signer {
            registry,
            signing,
            folder: &self.folder(),
            origin: &self.origin(&plan.commit)?,
            release: Release::from_env()?,
        };
        let one = |sh: &Shell, app: &AppPlan, digest: &str| {
            if registry.is_signed(app.name, digest)? {
                println!("signed    {} by another run", app.image);
                return Ok(());
            }
            images::is_ours(sh, engine, registry, app, digest)?;
            signer.sign(sh, app.app, digest)?;
            println!("signed    {}@{digest}", app.name);
            Ok(())
        };
        // Side by side: each mostly waits for the registry and for cosign to start.
        thread::scope(|scope| {
            let work = pushed.iter().map(|(app, digest)| {
                let sh = self.sh.clone();
                scope.spawn(move || one(&sh, app, digest))
            });
            let work: Vec<_> = work.collect();
            let done = work.into_iter().map(|work| {
                work.join()
                    .unwrap_or_else(|_| Err(anyhow!("a thread that signs panicked")))
            });
            done.collect::<Vec<Result<()>>>()
                .into_iter()
                .collect::<Result<()>>()
        })?;
        self.note_signed(registry, pushed)
    }

    /// Digests and names, in the form of `sha256sum`, for whoever has more to say of these images.
    fn note_signed(&self, registry: &Registry<'_>, pushed: &[(&AppPlan, String)]) -> Result<()> {
        let file = self.folder().join("signed");
        let lines = pushed.iter().map(|(app, digest)| {
            let hash = digest.trim_start_matches("sha256:");
            format!("{hash}  {}\n", registry.settings.image(app.name))
        });
        fs::write(&file, lines.collect::<String>()).with_context(|| format!("write {}", file.display()))
    }

    /// What images of `commit` say of where they come from.
    fn origin(&self, commit: &str) -> Result<Origin> {
        Ok(Origin {
            source: self.source.url(),
            seconds: self.git.seconds(commit)?,
            commit: commit.to_owned(),
        })
    }

    fn reproduce(&self, flags: &flags::CiBuild) -> Result<()> {
        let settings = settings::Registry::from_env()?;
        let out = self.folder().join("again");
        reproduce::run(
            self.sh,
            self.git,
            &self.registry(&settings)?,
            &out,
            flags.toolchain.options(),
        )
    }

    fn propose(&self, flags: &flags::CiPropose) -> Result<()> {
        let (release, settings) = (Release::from_env()?, settings::Registry::from_env()?);
        let registry = self.registry(&settings)?;
        let own = settings::release_apps()?;
        let wanted = Wanted {
            git: self.git,
            images: &registry,
            image: &|app: &str| settings.image(app),
            release,
            commit: &self.git.head()?,
            // A commit is shown whole or not at all.
            own: own.as_deref().filter(|_| !flags.dry_run),
        };
        if flags.dry_run {
            return self.preview(release, |look| wanted.newest(look));
        }
        self.settle(release, |look| wanted.newest(look))
    }

    /// Shows the commit instead of proposing it, and keeps it for whoever wants to look.
    fn preview(&self, release: Release, plan: impl FnOnce(&Look) -> Result<Plan>) -> Result<()> {
        let forge = Forge::from_env()?;
        let file = self.folder().join("proposal.patch");
        let text = match self.place(&forge, |place| place.preview(release, plan))? {
            None => {
                println!(
                    "nothing to propose: {} is pinned to these images",
                    release.environment()
                );
                String::new()
            }
            Some((proposal, commit)) => {
                let patch = self.git.patch(&commit)?;
                println!("would be  {}\n{patch}", proposal.branch);
                patch + "\n"
            }
        };
        fs::create_dir_all(self.folder())
            .and_then(|()| fs::write(&file, text))
            .with_context(|| format!("write {}", file.display()))
    }

    fn promote(&self, flags: &flags::CiPromote) -> Result<()> {
        let (from, to) = (flags.from, flags.to);
        if from == to {
            bail!("--from and --to are the same environment");
        }
        // Started by a push: what was pushed has to be what is promoted.
        let pushed = match settings::release_if_any()? {
            Some(release) if release == to => Some(self.git.head()?),
            _ => None,
        };
        self.settle(to, |look| {
            plan::promotion(self.git, from, to, pushed.as_deref(), &look.base)
        })
    }

    fn roll_back(&self, flags: &flags::Rollback) -> Result<()> {
        let (forge, environment) = (Forge::from_env()?, flags.environment.environment());
        let to = flags.to.as_deref();
        match self.place(&forge, |place| place.roll_back(flags.environment, to))? {
            Outcome::Proposed { proposal, place } => println!("proposed  {place} ({})", proposal.title),
            _ => println!("nothing to propose: {environment} has that release"),
        }
        Ok(())
    }

    fn settle(&self, release: Release, plan: impl FnMut(&Look) -> Result<Plan>) -> Result<()> {
        let forge = Forge::from_env()?;
        let environment = release.environment();
        match self.place(&forge, |place| place.settle(release, plan))? {
            Outcome::Proposed { proposal, place } => println!("proposed  {place} ({})", proposal.title),
            Outcome::Nothing => {
                println!("nothing to propose: {environment} is pinned to the images of this commit");
            }
            Outcome::Overtaken(by) => {
                println!("nothing to propose: {environment} has, or was proposed, the later commit {by}");
            }
            Outcome::Gone(commit) => println!(
                "nothing to propose: branch {} does not hold commit {commit}",
                release.branch()
            ),
            Outcome::LeftTo(apps) => println!("not yet   the run that pushes {} proposes", apps.join(", ")),
            Outcome::Withdrawn(commit) => println!(
                "nothing to propose: {environment} was taken back from commit {commit}; push a change, or run \
                 `cargo xtask rollback {environment} --to {}`",
                &commit[..10]
            ),
        }
        Ok(())
    }

    /// Does `work` where proposals to this forge are made.
    fn place<T>(&self, forge: &Forge, work: impl FnOnce(&Place<'_, '_>) -> Result<T>) -> Result<T> {
        work(&Place {
            git: self.git,
            infra: self.infra(),
            source: self.infra.as_ref().map(|_| &self.source as &dyn Remote),
            forge: &*forge::of(forge, self.sh, &self.agent, self.infra()),
        })
    }

    fn compute(&self) -> Result<Plan> {
        let (release, settings) = (Release::from_env()?, settings::Registry::from_env()?);
        let infra = self.infra();
        let heads = infra.heads(&[MAIN_BRANCH.to_owned()])?;
        let base = heads
            .get(MAIN_BRANCH)
            .with_context(|| format!("the repository of the overlays has no branch {MAIN_BRANCH}"))?;
        if self.git.commit_named(base).is_none() {
            infra.bring(&[MAIN_BRANCH])?;
        }
        let image = |app: &str| settings.image(app);
        let commit = self.git.head()?;
        plan::compute(
            self.git,
            &self.registry(&settings)?,
            &image,
            release,
            &commit,
            base,
        )
    }

    fn infra(&self) -> &dyn Remote {
        self.infra.as_ref().unwrap_or(&self.source)
    }

    fn registry<'r>(&'r self, settings: &'r settings::Registry) -> Result<Registry<'r>> {
        Ok(Registry {
            agent: &self.agent,
            settings,
            signed: settings::signing()?.is_some(),
        })
    }

    fn folder(&self) -> PathBuf {
        self.sh.current_dir().join(FOLDER)
    }
}
