//! Signs an image by its digest, by cosign: first it is said what the image is made of and how it
//! was made, each in a signed statement beside it in the registry; the signature comes last, so
//! that an image that has one has all.

use std::env::var;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use xshell::{Cmd, Shell, cmd};

use crate::ci::images::{self, Origin};
use crate::ci::registry::Registry;
use crate::ci::settings::Signing;
use crate::ci::{results, sbom};
use crate::environment::Environment;
use project::App;

/// Verbs of cosign.
const ATTEST: &str = "attest";
const SIGN: &str = "sign";

/// Who signs, and where.
pub(crate) struct Signer<'a> {
    pub(crate) registry: &'a Registry<'a>,
    pub(crate) signing: &'a Signing,
    /// Where the statements are kept for whoever wants to read them.
    pub(crate) folder: &'a Path,
    pub(crate) origin: &'a Origin,
    pub(crate) environment: Environment,
}

impl Signer<'_> {
    /// Signs the image of `app` that the registry has as `digest`.
    pub(crate) fn sign(&self, sh: &Shell, app: &App, digest: &str) -> Result<()> {
        let bill = self.keep(app, "cdx.json", &sbom::of(sh, app, digest)?)?;
        let made = self.keep(
            app,
            "provenance.json",
            &provenance(app, self.environment, self.origin),
        )?;
        for (kind, statement) in [("cyclonedx", bill), ("slsaprovenance1", made)] {
            self.cosign(sh, app, digest, ATTEST, |cosign| {
                cosign.args(["--type", kind, "--predicate"]).arg(&statement)
            })
            .with_context(|| format!("attach {} to the image of {}", statement.display(), app.name()))?;
        }
        self.cosign(sh, app, digest, SIGN, |cosign| cosign)
            .with_context(|| format!("sign the image of {}", app.name()))
    }

    fn keep(&self, app: &App, name: &str, statement: &Value) -> Result<PathBuf> {
        let file = self.folder.join(format!("{}.{name}", app.name()));
        let text = format!("{statement:#}\n");
        results::write(&file, &text)?;
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
        let mut cosign = more(cmd!(sh, "cosign {verb} --yes")).args(form(verb, self.signing));
        if settings.insecure {
            cosign = cosign.arg("--allow-http-registry");
        }
        let login: Option<TempDir> = images::login(settings)?;
        if let Some(login) = &login {
            cosign = cosign.env("DOCKER_CONFIG", login.path());
        }
        let image = format!("{}@{digest}", settings.image(app.name()));
        let output = cosign.arg(image).quiet().ignore_status().output();
        let output = output.context("start cosign, which docs/CI.md asks for where SIGNING_KEY is set")?;
        if output.status.success() {
            return Ok(());
        }
        bail!("cosign says: {}", String::from_utf8_lossy(&output.stderr).trim())
    }
}

/// By whom and in what form cosign is to sign. Its signing config, in use unless it is told
/// otherwise, names the services of the newer form: it refuses to go without the log of signatures,
/// or with the older form.
fn form<'a>(verb: &str, signing: &'a Signing) -> Vec<&'a str> {
    let mut form = Vec::new();
    if let Signing::Key(key) = signing {
        form.extend(["--key", key, "--tlog-upload=false"]);
    }
    if verb == SIGN {
        // As the admission controller of the clusters reads it: by a key it does not know the newer
        // form yet.
        form.push("--new-bundle-format=false");
    }
    if !form.is_empty() {
        form.push("--use-signing-config=false");
    }
    form
}

/// How an image was made, as SLSA says it. The signature says by whom.
fn provenance(app: &App, environment: Environment, origin: &Origin) -> Value {
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
            "externalParameters": { "app": app.name(), "branch": environment.branch() },
            "resolvedDependencies": [{
                "uri": format!("git+{}@refs/heads/{}", origin.source, environment.branch()),
                "digest": { "gitCommit": origin.commit },
            }],
        },
        "runDetails": {
            "builder": { "id": builder.unwrap_or_else(|| "unknown".to_owned()) },
            "metadata": { "invocationId": run.unwrap_or_else(|| "unknown".to_owned()) },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosign_is_asked_for_nothing_that_it_refuses() {
        let key = Signing::Key("cosign.key".to_owned());
        for (verb, signing) in [
            (ATTEST, &Signing::Keyless),
            (SIGN, &Signing::Keyless),
            (ATTEST, &key),
            (SIGN, &key),
        ] {
            let form = form(verb, signing);
            let says = |flag| form.contains(&flag);
            let config = !says("--use-signing-config=false");
            // As version 3 checks them before it does anything.
            assert!(!config || !says("--tlog-upload=false"), "{verb}: {form:?}");
            assert!(!config || !says("--new-bundle-format=false"), "{verb}: {form:?}");
            // What infra/admission asks for: the older form, and where nobody holds a key, the log.
            assert_eq!(says("--new-bundle-format=false"), verb == SIGN);
            assert_eq!(says("--key"), says("--tlog-upload=false"));
            assert_eq!(says("--key"), *signing == key);
        }
    }
}
