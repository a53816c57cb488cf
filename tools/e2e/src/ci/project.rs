//! What docs/CI.md lists, as the owner of a hosted project would configure it; and this
//! repository's own commands with the same settings.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};
use pipelines::{Project, settings_of_this_process};
use xshell::{Cmd, Shell, cmd};

use crate::git::forge::ForgeAccess;
use crate::run::Harness;
use crate::world::World;

/// Settings and secrets of CI, and what is particular to this machine.
pub(crate) fn project(harness: &Harness, world: &World) -> Project {
    let forge = &world.forge;
    let infra = world.layout.infra();
    let infra_remote = infra.map(|home| ("INFRA_REMOTE", home.remote(&forge.host_url)));
    let settings = [
        (
            "IMAGE_REGISTRY",
            format!("{}/{}", forge.registry, ForgeAccess::ORGANISATION),
        ),
        ("REGISTRY_USER", forge.user.clone()),
        ("REGISTRY_INSECURE", "true".to_owned()),
        ("FORGE", "gitea".to_owned()),
        ("FORGE_API", forge.api_url()),
        ("FORGE_REPO", world.layout.manifests().path()),
        ("CONTAINER_ENGINE", harness.engine.program().to_owned()),
    ];
    let secrets = [
        ("REGISTRY_PASSWORD", forge.password.clone()),
        ("FORGE_TOKEN", forge.token.clone()),
    ];
    let key = world.signing.as_ref();
    // `none` in words: a workflow on GitHub that is told nothing signs as its own run.
    let signing_key = key.map_or_else(|| "none".to_owned(), |key| key.private.display().to_string());
    let password = key.map(|key| ("COSIGN_PASSWORD", key.password.clone()));
    let settings = settings
        .into_iter()
        .chain(infra_remote)
        .chain([("SIGNING_KEY", signing_key)]);
    Project {
        settings: settings.map(named).collect(),
        secrets: secrets.into_iter().chain(password).map(named).collect(),
        machine: harness
            .engine
            .env()
            .iter()
            .cloned()
            .chain(search_path(harness))
            .collect(),
    }
}

/// `cargo xtask ARGS` in the checkout at `folder`, where ARGS begin with `new-app` or another
/// generator: it only reads and writes files there.
pub(crate) fn generator<'sh>(shell: &'sh Shell, folder: &Path, args: &[&str]) -> Result<Cmd<'sh>> {
    let generators = program("GENERATORS")?;
    shell.change_dir(folder);
    Ok(cmd!(shell, "{generators} {args...}")
        .env("CARGO_MANIFEST_DIR", folder.join("tools/generators"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null"))
}

/// `cargo xtask ARGS` in the checkout at `folder`, with the settings and secrets of `project`.
pub(crate) fn release_verb<'sh>(
    shell: &'sh Shell,
    project: &Project,
    folder: &Path,
    args: &[&str],
) -> Result<Cmd<'sh>> {
    let release = program("RELEASE")?;
    shell.change_dir(folder);
    let mut verb = cmd!(shell, "{release} {args...}");
    for name in settings_of_this_process() {
        verb = verb.env_remove(name);
    }
    Ok(verb
        .envs(project.settings.iter().chain(&project.secrets))
        .env("CARGO_MANIFEST_DIR", folder.join("tools/release"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null"))
}

/// A program of this workspace, which whoever starts the harness has compiled.
fn program(variable: &str) -> Result<OsString> {
    std::env::var_os(variable)
        .with_context(|| format!("{variable} is not set; start this by `cargo xtask e2e`"))
}

/// `PATH` of a machine that has cosign.
fn search_path(harness: &Harness) -> Option<(String, String)> {
    let folder = harness.parts.cosign.as_deref()?.parent()?;
    let path = std::env::var("PATH").unwrap_or_default();
    Some(("PATH".to_owned(), format!("{}:{path}", folder.display())))
}

fn named((name, value): (&str, String)) -> (String, String) {
    (name.to_owned(), value)
}
