//! A release is healthy in staging, and its page cannot be used: its check says so, and it does not
//! go to production until that is mended.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{changed_for_both, nothing_proposed, reported, route};
use crate::actors::Reviewer;
use crate::environment::PAGE;
use crate::git::checkout::{edited, replaced_once};
use crate::gitops::{self, POLLED};
use crate::platform::controller_image::UNBUILT;
use crate::platform::verifier;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::overlays;
use crate::scenarios::release::{Expected, merged};

/// The checks that the repository has to copy, and their name in an overlay.
const CHECKS: &str = "infra/verifier/checks/frontend.yaml";
const COPY: &str = "checks.yaml";
/// What an overlay names first.
const BASE: &str = "  - ../../base\n";
/// Added to what the pods are told: a backend that is not there.
const VARIABLES: &str = "          env:\n";
const NO_BACKEND: &str = "            - name: BACKEND_URL\n              value: http://no-backend\n";
/// A check begins with the minute, and asks for up to twenty seconds.
const CHECKED: Duration = Duration::from_mins(3);
const LIVE: Duration = Duration::from_mins(1);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "fails-its-check",
        "a release that is healthy and fails its check",
        1200,
    ),
    suite: Suite::Promotion,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    verifier::ensure_gate(testbed, step).await?;
    let (first, behind) = route();
    let (reviewer, manifests) = (Reviewer::of(&testbed.world), testbed.manifests());
    let (commit, _) = changed_for_both(testbed, step).await?;
    let (release, _) = reviewer.release(step, first, &commit, &manifests).await?;

    manifests.catch_up().await?;
    let digest = verifier::digest(testbed.first()).await?;
    let image = replaced_once(
        CHECKS,
        &fs::read_to_string(manifests.folder().join(CHECKS)).context("read the checks")?,
        UNBUILT,
        &digest,
    )?;
    manifests
        .commit_edit("Check the frontend, which finds no backend", |folder| {
            broken(folder, &image)
        })
        .await?;
    let broken = manifests.push(first.branch()).await?;
    gitops::app(step, testbed.first(), PAGE)
        .at(&broken)
        .live(LIVE)
        .await?;
    let failed = reported(testbed, step, &broken, "failure", CHECKED).await?;
    ensure!(failed.starts_with("check frontend-check-"), "{failed}");
    step.measured("merge to failed", release.asked.elapsed().as_secs_f64());
    let said = nothing_proposed(testbed, step, behind, &broken).await?;
    ensure!(
        said.contains("and it failed there: check frontend-check-"),
        "CI does not say what it was told:\n{said}"
    );

    let variables = overlay_file("environment.yaml");
    let told = format!("{VARIABLES}{NO_BACKEND}");
    manifests.catch_up().await?;
    manifests.commit_text(&variables, &told, VARIABLES).await?;
    let mended = manifests.push(first.branch()).await?;
    let passed = reported(testbed, step, &mended, "success", CHECKED).await?;
    let expected = Expected {
        app: PAGE,
        serves: &commit,
    };
    merged(testbed, step, behind, &commit, &expected).await?;
    step.evidence(format!(
        "{first} reported “{failed}” of what was healthy; mended, “{passed}”, and {behind} was given the release"
    ));
    without_checks(testbed, step).await
}

fn overlay_file(name: &str) -> String {
    format!("infra/{}/{name}", overlays::folder(PAGE))
}

/// The checks are in the overlay, and the pods are told a backend that is not there.
fn broken(folder: &Path, checks: &str) -> Result<()> {
    let copy = overlay_file(COPY);
    fs::write(folder.join(&copy), checks).with_context(|| format!("write {copy}"))?;
    for (name, old, more) in [
        ("kustomization.yaml", BASE, format!("  - {COPY}\n")),
        ("environment.yaml", VARIABLES, NO_BACKEND.to_owned()),
    ] {
        let path = overlay_file(name);
        let new = format!("{old}{more}");
        edited(folder, &path, |text| replaced_once(&path, text, old, &new))?;
    }
    Ok(())
}

/// Production has the release, and staging its overlay as it was: until Argo CD is there too, since
/// who merges next within a second may not be heard.
async fn without_checks(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (first, manifests) = (route().0, testbed.manifests());
    manifests.catch_up().await?;
    let edit = |folder: &Path| {
        let path = overlay_file(COPY);
        fs::remove_file(folder.join(&path)).with_context(|| format!("remove {path}"))?;
        let path = overlay_file("kustomization.yaml");
        let with_copy = format!("{BASE}  - {COPY}\n");
        edited(folder, &path, |text| replaced_once(&path, text, &with_copy, BASE))
    };
    manifests.commit_edit("Take the checks away", edit).await?;
    let without = manifests.push(first.branch()).await?;
    gitops::app(step, testbed.first(), PAGE)
        .at(&without)
        .settled(POLLED)
        .await
}
