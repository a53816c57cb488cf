//! A webhook without the secret does not make Argo CD look, and an oversized body is not read to
//! its end.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::StatusCode;

use crate::environment::PAGE;
use crate::gitops::{self, Status};
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::deliveries::{address, post, push as payload, signature};
use crate::scenarios::overlays;
use crate::wait::{Verdict, consistently};

const APP: &str = PAGE;
/// More than `webhook.maxPayloadSizeMB` in infra/argocd.
const TOO_LARGE: usize = (2 << 20) + 1;
const LOOKED: Duration = Duration::from_secs(15);
/// It looks within a second where it is allowed.
const NOT_LOOKED: Duration = Duration::from_secs(3);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("webhook", "invalid webhooks are rejected", 90),
    suite: Suite::Posture,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(only_who_knows_the_secret_makes_it_look(testbed, step)),
};

async fn only_who_knows_the_secret_makes_it_look(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let (url, secret) = (
        address(testbed).await?,
        &testbed.world.forge.argocd_webhook_secret,
    );
    let (zeros, ones) = ("0".repeat(40), "1".repeat(40));
    // One of the files that the Application reads; Argo CD takes no notice of others.
    let changed = format!("infra/{}", overlays::of(PAGE));
    let push = payload(testbed, [&zeros, &ones], &changed, 0);
    // First, because then nothing but a webhook makes it look again within the next minute.
    accepted(testbed, step, &url, &push, secret).await?;
    let large = payload(testbed, [&zeros, &ones], &changed, TOO_LARGE);
    let cases = [
        ("no signature", &push, None),
        (
            "the signature of another secret",
            &push,
            Some(signature("another", &push)?),
        ),
        (
            "a body that is too large",
            &large,
            Some(signature(secret, &large)?),
        ),
    ];
    for (what, body, signature) in cases {
        let before = looked(testbed).await?;
        let (status, said) = post(testbed, &url, body, signature.as_deref()).await?;
        ensure!(
            status == StatusCode::BAD_REQUEST,
            "{what}: Argo CD answers {status}: {said}"
        );
        let held = format!("{what}: Argo CD does not look");
        consistently(step, &held, NOT_LOOKED, async || {
            Ok(if looked(testbed).await? == before {
                Verdict::Ready(())
            } else {
                Verdict::Failed("it has looked".to_owned())
            })
        })
        .await?;
        step.evidence(format!("{what}: {status}, {}", said.trim()));
    }
    accepted(testbed, step, &url, &push, secret).await
}

/// The same call with the right signature: Argo CD looks at the Application.
async fn accepted(testbed: &Testbed, step: &StepHandle, url: &str, push: &str, secret: &str) -> Result<()> {
    let before = looked(testbed).await?;
    let (status, said) = post(testbed, url, push, Some(&signature(secret, push)?)).await?;
    ensure!(status.is_success(), "signed, Argo CD answers {status}: {said}");
    let looked = |status: &Status| {
        if status.looked_at() == before.as_deref() {
            Verdict::Pending("it has not looked yet".to_owned())
        } else {
            Verdict::Ready(())
        }
    };
    gitops::app(step, testbed.first(), APP)
        .until("is looked at", LOOKED, looked)
        .await
}

/// When Argo CD last compared the Application with Git.
async fn looked(testbed: &Testbed) -> Result<Option<String>> {
    let found = gitops::api(testbed.first()).get(APP).await?;
    let status = found.status.context("Argo CD has not looked at it yet")?;
    Ok(status.looked_at().map(str::to_owned))
}
