//! The secrets of this run are random words that nothing else uses, and one more is planted. They
//! are searched for wherever a leak would end: the forge's Git, the images, the clusters' objects
//! and logs, the output of Argo CD and of CI. They may only be where they are stored.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::future::try_join_all;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;
use taskkit::removal::remove_folder;
use xshell::{Shell, cmd};

use super::searched::{self, Place, keep, kubectl};
use crate::environment::{Environment, NAMESPACE};
use crate::gitops;
use crate::host::process::Tool;
use crate::platform::argocd;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::world::secret;

const LOOK: Duration = Duration::from_mins(1);
const REFRESHED: Duration = Duration::from_secs(30);
/// The name of the Secret that is planted.
const CANARY: &str = "posture-canary";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("secrets", "no secret leaks", 180),
    suite: Suite::Posture,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let folder = testbed.harness.run.empty("searched")?;
    let kept: Api<Secret> = Api::namespaced(testbed.first().client.clone(), NAMESPACE);
    let canary = secret()?;
    plant(&kept, &canary).await?;
    let outcome = Box::pin(no_secret_is_found(testbed, step, &folder, &canary)).await;
    let cleaned = clean_up(&kept, &folder).await;
    outcome.and(cleaned)
}

async fn clean_up(kept: &Api<Secret>, folder: &Path) -> Result<()> {
    let there = kept.get_opt(CANARY).await.context("look for the canary")?;
    if there.is_some() {
        let deleted = kept.delete(CANARY, &DeleteParams::default()).await;
        deleted.context("remove the canary")?;
    }
    remove_folder(folder)?;
    ensure!(
        there.is_some(),
        "the canary is gone: Argo CD sees Secrets, and took it for one that Git does not have"
    );
    Ok(())
}

/// A Secret that says it is the page's. If Argo CD saw it, it would be in its diff.
async fn plant(kept: &Api<Secret>, canary: &str) -> Result<()> {
    let tracked = format!("frontend:/Secret:{NAMESPACE}/{CANARY}");
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": CANARY, "annotations": { "argocd.argoproj.io/tracking-id": tracked } },
        "stringData": { "canary": canary },
    });
    kept.patch(CANARY, &PatchParams::apply("e2e").force(), &Patch::Apply(secret))
        .await
        .context("plant a canary")?;
    Ok(())
}

async fn no_secret_is_found(testbed: &Testbed, step: &StepHandle, folder: &Path, canary: &str) -> Result<()> {
    let words = forms(&secrets(testbed, canary)?);
    step.doing("collect what there is to search");
    let begun = Instant::now();
    gitops::refreshed(step, testbed, REFRESHED).await?;
    let each = Environment::all().iter().copied();
    let (git, images, outside, clusters, diffs) = tokio::try_join!(
        searched::git(testbed, folder.join("git")),
        searched::images(testbed, folder.join("images")),
        searched::outside(testbed, folder.join("outside")),
        try_join_all(
            each.clone()
                .map(|environment| searched::cluster(testbed, environment, folder))
        ),
        try_join_all(each.map(|environment| searched::diffs(testbed, environment, folder))),
    )?;
    let run = &testbed.harness.run;
    let written = |name: &str, folder, known: &str| Place {
        name: name.to_owned(),
        folder,
        known: known.to_owned(),
    };
    let ci = written("what CI said and left", run.file("ci"), "cargo xtask ci push");
    let logs = written("the logs of the run", run.logs(), "kustomize build");
    let mut places = vec![git, images, outside, ci, logs];
    places.extend(clusters.into_iter().chain(diffs));
    step.measured("collected", begun.elapsed().as_secs_f64());

    step.doing("look for the run's secrets");
    let begun = Instant::now();
    for Place { name, folder, known } in &places {
        let found = found(testbed, folder, std::slice::from_ref(known)).await?;
        ensure!(!found.is_empty(), "{name}: not even {known:?} is found there");
    }
    // All those places are in it.
    let leaks = found(testbed, &run.path, &words).await?;
    ensure!(
        leaks.is_empty(),
        "a secret of this run is in {}",
        leaks.join(", ")
    );
    step.measured("searched", begun.elapsed().as_secs_f64());

    // Where they are kept, the same search finds them.
    for namespace in [NAMESPACE, argocd::NAMESPACE] {
        let kept = folder.join("kept").join(namespace);
        let secrets = ["--namespace", namespace, "get", "secrets", "--output", "json"];
        keep(
            kubectl(testbed, Environment::first(), &secrets)?,
            &kept.join("secrets.json"),
        )
        .await?;
        let seen = found(testbed, &kept, &words).await?;
        ensure!(
            !seen.is_empty(),
            "the search is blind: it finds nothing in the Secrets of {namespace}"
        );
    }
    let names: Vec<_> = places.iter().map(|place| place.name.as_str()).collect();
    step.evidence(format!(
        "{} forms of the run's secrets are in none of: {}; in the Secrets of {NAMESPACE} and {} they are found",
        words.len(),
        names.join(", "),
        argocd::NAMESPACE
    ));
    Ok(())
}

/// Every secret that was made to bring up what is up, as it is.
fn secrets(testbed: &Testbed, canary: &str) -> Result<Vec<String>> {
    let forge = &testbed.world.forge;
    let mut secrets = vec![
        canary.to_owned(),
        forge.password.clone(),
        forge.token.clone(),
        forge.argocd_webhook_secret.clone(),
        testbed.ci.webhook_secret().to_owned(),
        format!("{}:{}", forge.user, forge.password),
        format!("{}:{}", forge.user, forge.token),
    ];
    secrets.extend(forge.signing_keys.iter().cloned());
    if let Some(signing) = &testbed.world.signing {
        let key = fs::read_to_string(&signing.private).context("read the private key")?;
        // Its body; the first and the last line are those of any key.
        let body = key.lines().nth(1).context("a key has lines")?;
        secrets.extend([signing.password.clone(), body.to_owned()]);
    }
    Ok(secrets)
}

/// Each in the forms in which it travels.
fn forms(secrets: &[String]) -> Vec<String> {
    let forms = secrets.iter().flat_map(|secret| {
        let standard = STANDARD.encode(secret).trim_end_matches('=').to_owned();
        [secret.clone(), standard, URL_SAFE_NO_PAD.encode(secret)]
    });
    forms.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The files below `folder` that hold one of `words`; not those in which the run keeps its keys.
async fn found(testbed: &Testbed, folder: &Path, words: &[String]) -> Result<Vec<String>> {
    let shell = Shell::new().context("open a shell")?;
    // To find nothing is an answer. The words go in by stdin: arguments are for everybody to read.
    let script = "grep --recursive --files-with-matches --text --fixed-strings --exclude-dir=signing --file=- \"$1\" || [ $? = 1 ]";
    let grep = cmd!(shell, "sh -c {script} sh {folder}");
    let files = Tool::new(grep, &testbed.harness.run.log("secrets"), LOOK)
        .input(words.join("\n"))
        .quiet()
        .read()
        .await
        .with_context(|| format!("search {}", folder.display()))?;
    Ok(files.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_looked_for_as_it_is_and_as_a_secret_of_kubernetes_has_it() {
        let forms = forms(&["hunter-2?".to_owned()]);
        for form in ["hunter-2?", "aHVudGVyLTI_"] {
            assert!(forms.iter().any(|known| known == form), "{forms:?}");
        }
        // Padding is left to whoever encodes.
        assert!(super::forms(&["a".to_owned()]).contains(&"YQ".to_owned()));
    }
}
