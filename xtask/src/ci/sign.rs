//! Signs an image by its digest, by cosign: first it is said what the image is made of and how it was made, each in a signed
//! statement beside it in the registry; the signature comes last, so that an image that has one has all.

use std::env::var;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use xshell::{Cmd, Shell, cmd};

use crate::ci::apps::App;
use crate::ci::images::{self, Origin};
use crate::ci::registry::Registry;
use crate::ci::sbom;
use crate::ci::settings::{Release, Signing};

/// Who signs, and where.
pub(crate) struct Signer<'a> {
    pub(crate) registry: &'a Registry<'a>,
    pub(crate) signing: &'a Signing,
    /// Where the statements are kept for whoever wants to read them.
    pub(crate) folder: &'a Path,
    pub(crate) origin: &'a Origin,
    pub(crate) release: Release,
}

impl Signer<'_> {
    /// Signs the image of `app` that the registry has as `digest`.
    pub(crate) fn sign(&self, sh: &Shell, app: &App, digest: &str) -> Result<()> {
        let bill = self.keep(app, "cdx.json", &sbom::of(sh, app, digest)?)?;
        let made = self.keep(
            app,
            "provenance.json",
            &provenance(app, self.release, self.origin),
        )?;
        for (kind, statement) in [("cyclonedx", bill), ("slsaprovenance1", made)] {
            self.cosign(sh, app, digest, "attest", |cosign| {
                cosign.args(["--type", kind, "--predicate"]).arg(&statement)
            })
            .with_context(|| format!("attach {} to the image of {}", statement.display(), app.name))?;
        }
        // As the admission controller of the clusters reads it: by a key it does not know the newer form yet.
        self.cosign(sh, app, digest, "sign", |cosign| {
            cosign.arg("--new-bundle-format=false")
        })
        .with_context(|| format!("sign the image of {}", app.name))
    }

    fn keep(&self, app: &App, name: &str, statement: &Value) -> Result<PathBuf> {
        let file = self.folder.join(format!("{}.{name}", app.name));
        let text = format!("{statement:#}\n");
        fs::create_dir_all(self.folder)
            .and_then(|()| fs::write(&file, text))
            .with_context(|| format!("write {}", file.display()))?;
        Ok(file)
    }

    fn cosign<'s>(
        &self,
        sh: &'s Shell,
        app: &App,
        digest: &str,
        verb: &str,
        more: impl FnOnce(Cmd<'s>) -> Cmd<'s>,
    ) -> Result<()> {
        let settings = self.registry.settings;
        let mut cosign = more(cmd!(sh, "cosign {verb} --yes"));
        if let Signing::Key(key) = self.signing {
            cosign = cosign.args(["--key", key, "--use-signing-config=false", "--tlog-upload=false"]);
        }
        if settings.insecure {
            cosign = cosign.arg("--allow-http-registry");
        }
        let login: Option<TempDir> = images::login(settings)?;
        if let Some(login) = &login {
            cosign = cosign.env("DOCKER_CONFIG", login.path());
        }
        let image = format!("{}@{digest}", settings.image(app.name));
        let output = cosign.arg(image).quiet().ignore_status().output();
        let output = output.context("start cosign, which docs/CI.md asks for where SIGNING_KEY is set")?;
        if output.status.success() {
            return Ok(());
        }
        bail!("cosign says: {}", String::from_utf8_lossy(&output.stderr).trim())
    }
}

/// How an image was made, as SLSA says it. The signature says by whom.
fn provenance(app: &App, release: Release, origin: &Origin) -> Value {
    let first = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| var(name).ok().filter(|text| !text.is_empty()))
    };
    // GitHub, CodeBuild, GitLab.
    let builder = first(&["GITHUB_WORKFLOW_REF", "CODEBUILD_BUILD_ARN", "CI_PIPELINE_URL"]);
    let run = first(&["GITHUB_RUN_ID", "CODEBUILD_BUILD_ID", "CI_JOB_URL"]);
    json!({
        "buildDefinition": {
            "buildType": format!("{}/blob/{}/docs/CI.md", origin.source, origin.commit),
            "externalParameters": { "app": app.name, "branch": release.branch() },
            "resolvedDependencies": [{
                "uri": format!("git+{}@refs/heads/{}", origin.source, release.branch()),
                "digest": { "gitCommit": origin.commit },
            }],
        },
        "runDetails": {
            "builder": { "id": builder.unwrap_or_else(|| "unknown".to_owned()) },
            "metadata": { "invocationId": run.unwrap_or_else(|| "unknown".to_owned()) },
        },
    })
}
