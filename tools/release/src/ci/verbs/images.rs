//! Images: what is to be done, building them, pushing, signing and tagging them.

use std::thread;

use anyhow::{Context as _, Result, anyhow};
use xshell::Shell;

use crate::ci::images::Origin;
use crate::ci::kept::Kept;
use crate::ci::plan::{AppPlan, Plan};
use crate::ci::registry::Registry;
use crate::ci::run::Run;
use crate::ci::settings::{self, Engine, Signing};
use crate::ci::sign::Signer;
use crate::ci::{content, images, reproduce, results, revision, tag};
use crate::flags;
use taskkit::build;
use taskkit::events::{self, Event};

impl Run<'_> {
    pub(in crate::ci) fn plan(&self) -> Result<()> {
        let plan = self.compute()?;
        plan.print();
        let json = serde_json::to_string_pretty(&plan).context("write the plan as JSON")?;
        results::write(&self.folder().join("plan.json"), &(json + "\n"))
    }

    pub(in crate::ci) fn build(&self, flags: &flags::CiBuild) -> Result<()> {
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
            missing |= !kept.restore(self.sh, app, &build::context_of(&out, app.app))?;
        }
        let root = self.sh.current_dir();
        if missing {
            let compiled = build::apps(self.sh, &out, options)?;
            content::read::check_commit(self.git, &plan.commit, &root, &compiled)?;
        }
        for app in &wanted {
            content::read::check_unchanged(self.git, &plan.commit, &root, app.app)?;
            if missing {
                kept.keep(self.sh, app, &build::context_of(&out, app.app))?;
            }
        }
        let settings = settings::Registry::from_env()?;
        let registry = self.registry(&settings)?;
        for app in wanted {
            let origin = self.origin(&revision::to_name(self.git, &registry, app, &plan.commit)?)?;
            let context = build::context_of(&out, app.app);
            images::build(
                self.sh,
                engine,
                &images::Recipe::of(app.app),
                &app.image,
                &origin,
                &context,
            )?;
            let megabytes = build::megabytes(&context)?;
            println!("built     {} ({megabytes:.1} MB)", app.image);
            events::add(&Event::Built {
                app: app.name.to_string(),
                image: app.image.clone(),
                megabytes,
            })?;
        }
        Ok(())
    }

    pub(in crate::ci) fn push(&self) -> Result<()> {
        let plan = self.compute()?;
        plan.refuse_missing()?;
        let wanted = plan.to_build(settings::release_apps()?.as_deref());
        if wanted.is_empty() {
            println!("nothing to push");
        }
        let settings = settings::Registry::from_env()?;
        let registry = self.registry(&settings)?;
        let (engine, signing) = (Engine::from_env()?, settings::signing()?);
        let mut pushed = Vec::new();
        for app in wanted {
            let digest = images::push(self.sh, engine, &settings, &registry, app)?;
            println!("pushed    {}", app.image);
            events::add(&Event::Pushed {
                app: app.name.to_string(),
                image: app.image.clone(),
            })?;
            pushed.push((app, digest));
        }
        let Some(signing) = signing else {
            if !pushed.is_empty() {
                println!("unsigned  SIGNING_KEY is not set");
            }
            return Ok(());
        };
        self.sign(&plan, engine, &registry, &signing, &pushed)?;
        self.note_signed(&registry, &revision::made(&registry, &plan, &pushed)?)
    }

    fn sign(
        &self,
        plan: &Plan,
        engine: Engine,
        registry: &Registry<'_>,
        signing: &Signing,
        pushed: &[(&AppPlan, String)],
    ) -> Result<()> {
        let origins = pushed.iter().map(|(app, _)| {
            let named = revision::to_name(self.git, registry, app, &plan.commit)?;
            self.origin(&named)
        });
        let origins: Vec<_> = origins.collect::<Result<_>>()?;
        let (folder, environment) = (self.folder(), settings::environment()?);
        let one = |sh: &Shell, app: &AppPlan, digest: &str, origin: &Origin| {
            if registry.is_signed(app.name, digest)? {
                println!("signed    {} by another run", app.image);
                return Ok(());
            }
            images::is_ours(sh, engine, registry, app, digest)?;
            let signer = Signer {
                registry,
                signing,
                folder: &folder,
                origin,
                environment,
            };
            signer.sign(sh, app.app, digest)?;
            println!("signed    {}@{digest}", app.name);
            Ok(())
        };
        // Side by side: each mostly waits for the registry and for cosign to start.
        thread::scope(|scope| {
            let work = pushed.iter().zip(&origins).map(|((app, digest), origin)| {
                let sh = self.sh.clone();
                scope.spawn(move || one(&sh, app, digest, origin))
            });
            let work: Vec<_> = work.collect();
            let done = work.into_iter().map(|work| {
                work.join()
                    .unwrap_or_else(|_| Err(anyhow!("a thread that signs panicked")))
            });
            done.collect::<Vec<Result<()>>>()
                .into_iter()
                .collect::<Result<()>>()
        })
    }

    /// Digests and names, in the form of `sha256sum`, for whoever has more to say of these images.
    fn note_signed(&self, registry: &Registry<'_>, made: &[(&AppPlan, String)]) -> Result<()> {
        if made.is_empty() {
            return Ok(());
        }
        let lines = made.iter().map(|(app, digest)| {
            let hash = digest.trim_start_matches("sha256:");
            format!("{hash}  {}\n", registry.settings.image(app.name))
        });
        results::write(&self.folder().join("signed"), &lines.collect::<String>())
    }

    pub(in crate::ci) fn tag(&self, version: &str) -> Result<()> {
        let settings = settings::Registry::from_env()?;
        tag::run(self.git, &self.registry(&settings)?, version)
    }

    pub(in crate::ci) fn reproduce(&self, flags: &flags::CiBuild) -> Result<()> {
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
}
