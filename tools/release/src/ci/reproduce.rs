//! `cargo xtask ci reproduce`: makes the images of a commit again and compares them with those in
//! the registry. Who finds them the same need not believe the CI that pushed them.
//!
//! Compared is the digest of an image's description. It covers each file, its time and rights, and
//! every setting; not how layers are compressed, which is the engine's affair.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::ci::git::Git;
use crate::ci::images::{self, Origin};
use crate::ci::registry::{Images as _, Registry};
use crate::ci::revision;
use crate::ci::settings::Engine;
use crate::environment::apps;
use project::App;
use taskkit::build;
use taskkit::build::toolchain::Options;

/// An image of the registry, and what it was made from.
struct Pushed {
    app: &'static App,
    /// Of its manifest.
    digest: String,
    /// Of its description.
    id: String,
    description: Value,
    origin: Origin,
}

/// Compiles the apps of the commit that is checked out into `out`, whatever was compiled before of
/// their content.
pub(crate) fn run(
    sh: &Shell,
    git: &Git<'_>,
    registry: &Registry<'_>,
    out: &Path,
    options: Options,
) -> Result<()> {
    let commit = git.head()?;
    let engine = Engine::from_env()?;
    let pushed = apps().iter().map(|app| pushed(git, registry, app, &commit));
    let pushed: Vec<_> = pushed.collect::<Result<_>>()?;
    build::apps(sh, out, options)?;
    let mut others = Vec::new();
    for image in &pushed {
        let app = image.app;
        let again = format!("localhost/gitops-loop-again/{app}:{commit}");
        images::build(
            sh,
            engine,
            &images::Recipe::of(app),
            &again,
            &image.origin,
            &build::context_of(out, app),
        )?;
        let id = images::id(sh, engine, &again)?;
        if id == image.id || id == image.digest {
            println!("same      {app}: {} ({id})", image.digest);
        } else {
            others.push(format!("{app}: {}", difference(sh, engine, &again, image)?));
        }
        let program = engine.program();
        cmd!(sh, "{program} image rm {again}")
            .quiet()
            .ignore_stdout()
            .run()
            .context("remove the image that was made to compare")?;
    }
    ensure!(
        others.is_empty(),
        "commit {commit} gives other images here than the registry has: {}",
        others.join("; ")
    );
    Ok(())
}

fn pushed(git: &Git<'_>, registry: &Registry<'_>, app: &'static App, commit: &str) -> Result<Pushed> {
    let content = git.fingerprint(commit, app)?;
    let Some(digest) = registry.digest(app.name(), &content)? else {
        bail!(
            "the registry does not have {}:{content}; nothing to compare with",
            app.name()
        )
    };
    let (id, description) = registry.config(app.name(), &digest)?;
    let label = |name: &str| {
        revision::label(&description, name)
            .map(str::to_owned)
            .with_context(|| format!("{}@{digest} does not say its {name}", app.name()))
    };
    // The first commit that had this content; its content is this one's.
    let of = label("revision")?;
    let origin = Origin {
        source: label("source")?,
        seconds: git.seconds(&of)?,
        commit: of,
    };
    Ok(Pushed {
        app,
        digest,
        id,
        description,
        origin,
    })
}

/// What is not the same, as far as the descriptions tell.
fn difference(sh: &Shell, engine: Engine, again: &str, image: &Pushed) -> Result<String> {
    let (program, format) = (engine.program(), "{{json .RootFS.Layers}}");
    let layers = cmd!(sh, "{program} image inspect --format {format} {again}")
        .quiet()
        .read()?;
    let layers: Value = serde_json::from_str(&layers).context("read the layers of an image")?;
    let theirs = &image.description["rootfs"]["diff_ids"];
    let what = if &layers == theirs {
        "the same files, and other settings or another engine".to_owned()
    } else {
        format!("other files, layers {layers} and not {theirs}")
    };
    Ok(format!("{what} ({})", image.digest))
}
