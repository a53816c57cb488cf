//! External Secrets keeps the verifier's token as Secrets Manager has it: it arrives, a new one
//! counts without a restart, what goes wrong is named, and turned off nothing is left.

mod away;
mod issued;
mod kept;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use self::issued::Issued;
use super::denied::Denied;
use super::traces::Traces;
use super::{ensure_addons, is, switch};
use crate::actors::{Administrator, Operator, ReadLoad};
use crate::cluster::Cluster;
use crate::environment::{Environment, PAGE};
use crate::gitops;
use crate::platform::addons::{SECRETS, account};
use crate::platform::verifier;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::overlays;
use crate::scenarios::promotion::reported;

/// The `refreshInterval` of infra/local/addons/external-secrets, and five seconds.
const REFRESHED: Duration = Duration::from_secs(20);
/// Where somebody asks for a look.
const AT_ONCE: Duration = Duration::from_secs(15);
const LIVE: Duration = Duration::from_mins(1);
const REPORTED: Duration = Duration::from_mins(1);
const READS: &str = "secretsmanager:GetSecretValue";
const TRACES: Traces = Traces {
    words: &[SECRETS, "external-secrets.io", "generators.external-secrets.io"],
    settings: &["kinds: [ExternalSecret", "\"kind\":\"ExternalSecret\""],
    kinds: &[],
};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("secret", "a token of Secrets Manager, and a new one", 1200),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

pub(crate) const DENIED: Scenario = Scenario {
    step: Step::new(
        "secret-denied",
        "External Secrets hangs, or cannot read its secret",
        1200,
    ),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(denied(testbed, step)),
};

pub(crate) const OFF: Scenario = Scenario {
    step: Step::new(
        "secret-off",
        "External Secrets is turned off and leaves nothing",
        1200,
    ),
    suite: Suite::Addons,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(off(testbed, step)),
};

/// What a person has who puts tokens: the verifier is there, the add-on is on, and it keeps a token
/// of its own.
async fn ready(testbed: &Testbed, step: &StepHandle) -> Result<Issued> {
    ensure_addons(testbed)?;
    verifier::ensure(testbed, step).await?;
    account::ensure(testbed).await?;
    let token = put(testbed).await?;
    let cluster = testbed.first();
    if switch::is_on(cluster, SECRETS).await? {
        kept::look_now(cluster).await?;
    } else {
        switch::on(testbed, step, SECRETS).await?;
    }
    kept::until(step, cluster, &token.value, AT_ONCE).await?;
    Ok(token)
}

/// Makes a token and puts it into Secrets Manager.
async fn put(testbed: &Testbed) -> Result<Issued> {
    let token = Issued::new(testbed).await?;
    let administrator = Administrator::of(testbed);
    administrator
        .put_secret(&account::secret(testbed), &token.as_secret())
        .await?;
    Ok(token)
}

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let first = ready(testbed, step).await?;
    let (cluster, operator) = (testbed.first(), Operator::of(testbed));
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let pod = pod(cluster).await?;
    let overlay = overlays::of(PAGE);
    let looked_at = operator.edit(&overlay, overlays::annotated("looked at")).await?;
    report(testbed, step, &looked_at).await?;

    let second = put(testbed).await?;
    let arrived = kept::until(step, cluster, &second.value, REFRESHED).await?;
    step.measured("new token to cluster", arrived.as_secs_f64());
    first.end(testbed).await?;
    let back = operator.revert(&looked_at).await?;
    report(testbed, step, &back).await?;
    let same = self::pod(cluster).await?;
    ensure!(
        same == pod,
        "the verifier was started again: {pod:?}, then {same:?}"
    );
    step.evidence(
        "reports came with a token of Secrets Manager, and after that was renewed and the old one ended, with the new one; \
         the verifier was not started again"
            .to_owned(),
    );
    reads.stop(step).await?.at_most(0)
}

/// Waits until the verifier has told the forge of a commit.
async fn report(testbed: &Testbed, step: &StepHandle, commit: &str) -> Result<()> {
    gitops::app(step, testbed.first(), PAGE)
        .at(commit)
        .arrived(LIVE)
        .await?;
    let since = Instant::now();
    reported(testbed, step, commit, "success", REPORTED).await?;
    step.measured("commit to report", since.elapsed().as_secs_f64());
    Ok(())
}

/// The verifier's pod, and how often its container was started again.
async fn pod(cluster: &Cluster) -> Result<(String, i32)> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), verifier::NAME);
    let pods = pods.list(&ListParams::default()).await.context("list its pods")?;
    let pod = pods.items.into_iter().next().context("it has no pod")?;
    let statuses = pod.status.and_then(|status| status.container_statuses);
    let starts = statuses.unwrap_or_default().first().map(|it| it.restart_count);
    let name = pod.metadata.name.context("a pod has a name")?;
    Ok((name, starts.unwrap_or_default()))
}

async fn denied(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let token = ready(testbed, step).await?;
    let reads = ReadLoad::start(testbed, Environment::first())?;
    let token = away::hangs(testbed, step, token).await?;
    let token = away::slow(testbed, step, token).await?;
    let outcome = cannot_be_read(testbed, step, &token).await;
    // Even if it fails: an Application that is Degraded is not at rest.
    let (administrator, secret) = (Administrator::of(testbed), account::secret(testbed));
    administrator.put_secret(&secret, &token.as_secret()).await?;
    outcome?;
    kept::look_now(testbed.first()).await?;
    kept::works(step, testbed.first(), AT_ONCE).await?;
    for app in [PAGE, SECRETS] {
        is(testbed, step, app, "Healthy").await?;
    }
    reads.stop(step).await?.at_most(0)
}

/// For each reason that there is: a role that may not, a secret of another form, and none.
async fn cannot_be_read(testbed: &Testbed, step: &StepHandle, token: &Issued) -> Result<()> {
    let administrator = Administrator::of(testbed);
    let (secret, role) = (account::secret(testbed), account::role(testbed, SECRETS));
    let denied = Denied::action(testbed, role, READS).await?;
    let why = format!("is not authorized to perform: {READS}");
    fails(testbed, step, token, &why).await?;
    denied.end().await?;
    administrator.put_secret(&secret, "no JSON").await?;
    fails(testbed, step, token, "key token does not exist in secret").await?;
    administrator.delete_secret(&secret).await?;
    fails(testbed, step, token, "Secret does not exist").await
}

/// The secret cannot be read: it is said why, the Application is Degraded, and the token stays.
async fn fails(testbed: &Testbed, step: &StepHandle, token: &Issued, why: &str) -> Result<()> {
    let cluster = testbed.first();
    let said = kept::fails(step, cluster, why, AT_ONCE).await?;
    is(testbed, step, SECRETS, "Degraded").await?;
    let stays = kept::token(cluster).await?;
    ensure!(
        stays.as_ref() == Some(&token.value),
        "the Secret did not stay: {why}"
    );
    step.evidence(said);
    Ok(())
}

async fn off(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let token = ready(testbed, step).await?;
    let cluster = testbed.first();
    let reads = ReadLoad::start(testbed, Environment::first())?;
    switch::off(testbed, step, SECRETS, &TRACES).await?;
    ensure!(
        kept::token(cluster).await?.is_none(),
        "the Secret outlives what kept it"
    );
    verifier::give_token(testbed, cluster).await?;
    token.end(testbed).await?;
    reads.stop(step).await?.at_most(0)
}
