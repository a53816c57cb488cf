//! Images by docker or podman: built from prebuilt files, pushed with credentials that touch no file of the user's.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tempfile::TempDir;
use xshell::{Shell, cmd};

use crate::ci::plan::{AppPlan, Plan};
use crate::ci::registry::Images;
use crate::ci::settings::{Engine, Registry};

/// Builds the image of `app` from the files in `context`.
pub(crate) fn build(
    sh: &Shell,
    engine: Engine,
    app: &AppPlan,
    plan: &Plan,
    source: &str,
    context: &Path,
) -> Result<()> {
    let (program, image) = (engine.program(), &app.image);
    let file = format!("{}/Containerfile", app.name);
    let commit = format!("COMMIT={}", plan.commit);
    let source = format!("SOURCE={source}");
    cmd!(sh, "{program} build --quiet --file {file} --build-arg {commit} --build-arg {source} --tag {image} {context}")
        // An attestation would turn the image into an index, with another digest on each build.
        .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
        .run()
        .with_context(|| format!("build the image of {}", app.name))
}

/// Pushes the image of `app`, unless a run of the same content was faster: on ECR a tag is written once.
pub(crate) fn push(
    sh: &Shell,
    engine: Engine,
    settings: &Registry,
    images: &dyn Images,
    app: &AppPlan,
) -> Result<()> {
    let (program, image) = (engine.program(), &app.image);
    let mut push = cmd!(sh, "{program} push --quiet");
    if engine == Engine::Podman && settings.insecure {
        push = push.arg("--tls-verify=false");
    }
    let login = login(settings)?;
    if let Some(folder) = &login {
        let folder = folder.path();
        push = match engine {
            Engine::Docker => push.env("DOCKER_CONFIG", folder),
            Engine::Podman => push.env("REGISTRY_AUTH_FILE", folder.join(AUTH_FILE)),
        };
    }
    let output = push.arg(image).ignore_status().output();
    let output = output.with_context(|| format!("start {program}"))?;
    if output.status.success() || images.digest(app.name, &app.fingerprint)?.is_some() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!(
        "the registry did not take {image}: check REGISTRY_USER and REGISTRY_PASSWORD, that the repository exists, and that `cargo \
         xtask ci build` ran here; then run the verb again: {}",
        said.trim()
    )
}

/// The name docker wants; podman reads the same format under any name.
const AUTH_FILE: &str = "config.json";

/// A folder with the registry's credentials that goes when dropped: `login` would leave them in the user's home.
fn login(registry: &Registry) -> Result<Option<TempDir>> {
    let Some((user, password)) = &registry.credentials else {
        return Ok(None);
    };
    let folder = tempfile::tempdir().context("make a folder for the registry's credentials")?;
    let auth = BASE64_STANDARD.encode(format!("{user}:{password}"));
    let config = json!({ "auths": { registry.host.as_str(): { "auth": auth } } });
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.path().join(AUTH_FILE))
        .and_then(|mut file| file.write_all(config.to_string().as_bytes()))
        .context("write the registry's credentials")?;
    Ok(Some(folder))
}
