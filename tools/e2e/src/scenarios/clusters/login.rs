//! Argo CD logs in to each target by the role of that target, and to no other by it; a pod of Argo
//! CD that has no business there logs in to none.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ListParams, PostParams};
use kube::{Api, Client};
use serde_json::Value;
use xshell::Shell;

use crate::cluster::Cluster;
use crate::environment::{API, Environment, project};
use crate::host::process::Tool;
use crate::platform::argocd::NAMESPACE;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::failures::identities::aws::Aws;
use crate::scenarios::failures::identities::tokens;
use crate::world::aws::Refusal;
use crate::world::iam_proxy::AUDIENCE;

/// Accounts of Argo CD: one whose program talks to clusters, and one whose does not.
const CONTROLLER: &str = "argocd-application-controller";
const REPO_SERVER: &str = "argocd-repo-server";
/// What an access entry of infra/aws gives it.
const GROUP: &str = "argocd-hub";
const ASKED: Duration = Duration::from_secs(30);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("hub-login", "the hub logs in to its targets by their roles", 120),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    for target in &testbed.clusters {
        let token = token(testbed, target).await?;
        for cluster in &testbed.clusters {
            let client = cluster.as_bearer_of(&token).await?;
            let is_target = cluster.name == target.name;
            match who(&client).await {
                Ok((name, groups)) => {
                    ensure!(
                        is_target,
                        "{} takes a token for {}: {name}",
                        cluster.name,
                        target.name
                    );
                    let assumed = format!(":assumed-role/argo-cd-hub-{}/", target.name);
                    ensure!(name.contains(&assumed), "{} takes it for {name}", target.name);
                    ensure!(
                        groups.iter().any(|group| group == GROUP),
                        "it is in the groups {groups:?}"
                    );
                    may_not_read_everything(&client).await?;
                }
                Err(kube::Error::Api(status)) if status.code == 401 => {
                    ensure!(
                        !is_target,
                        "{} refuses a token for it: {}",
                        target.name,
                        status.message
                    );
                }
                Err(error) => return Err(error).with_context(|| format!("ask {} who it is", cluster.name)),
            }
        }
    }
    others_are_refused(testbed).await?;
    step.evidence(
        "a token of the role of a target counts there and nowhere else; the repo server gets no role"
            .to_owned(),
    );
    Ok(())
}

/// The repo server gets no role of the hub, and Argo CD none but those of targets.
async fn others_are_refused(testbed: &Testbed) -> Result<()> {
    let (hub, aws) = (testbed.fleet()?.hub(), Aws::behind_the_proxy(testbed));
    let of = role(testbed, &format!("{}-hub-argo-cd", project().name()));
    let assumed = async |account: &str| {
        let token = tokens::of_account(hub, NAMESPACE, account, AUDIENCE).await?;
        aws.assume(&of, &token).await
    };
    let denied = Refusal::new(403, "AccessDenied");
    let refused = assumed(REPO_SERVER).await?;
    ensure!(
        refused.as_ref().err() == Some(&denied),
        "the repo server asks for {of}: {refused:?}"
    );
    let key = assumed(CONTROLLER).await?;
    let Ok(key) = key else {
        bail!("Argo CD does not get {of}: {key:?}");
    };
    let other = role(testbed, &format!("{API}-{}", Environment::last()));
    let refused = aws.take_on(&other, &key).await?;
    ensure!(
        refused.as_ref().err() == Some(&denied),
        "Argo CD asks for {other}: {refused:?}"
    );
    Ok(())
}

fn role(testbed: &Testbed, name: &str) -> String {
    format!("arn:aws:iam::{}:role/{name}", testbed.harness.account.id)
}

/// What Argo CD logs in to a target with. Its program tries for a minute before it gives up.
async fn token(testbed: &Testbed, target: &Cluster) -> Result<String> {
    let (harness, hub) = (&testbed.harness, testbed.fleet()?.hub());
    // As clusterset writes it.
    let role = role(testbed, &format!("argo-cd-hub-{}", target.name));
    let shell = Shell::new().context("open a shell")?;
    let program = format!("statefulset/{CONTROLLER}");
    let exec = [
        "--namespace",
        NAMESPACE,
        "exec",
        &program,
        "--",
        "argocd-k8s-auth",
        "aws",
        "--cluster-name",
        &target.name,
        "--role-arn",
        &role,
    ];
    let exec = hub.kubectl(harness, &shell, &exec);
    let said = Tool::new(exec, &harness.run.log("hub-login"), ASKED)
        .quiet()
        .read();
    let said = said
        .await
        .with_context(|| format!("make a token for {}", target.name))?;
    let said: Value = serde_json::from_str(&said).context("understand a token")?;
    let token = said["status"]["token"].as_str();
    token.map(str::to_owned).context("there is no token in it")
}

/// Name and groups of whoever asks.
async fn who(client: &Client) -> kube::Result<(String, Vec<String>)> {
    let reviews: Api<SelfSubjectReview> = Api::all(client.clone());
    let review = reviews
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await?;
    let user = review
        .status
        .and_then(|status| status.user_info)
        .unwrap_or_default();
    Ok((user.username.unwrap_or_default(), user.groups.unwrap_or_default()))
}

async fn may_not_read_everything(client: &Client) -> Result<()> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), "kube-system");
    let listed = secrets.list(&ListParams::default()).await;
    let is_refused = matches!(&listed, Err(kube::Error::Api(status)) if status.code == 403);
    ensure!(is_refused, "the hub reads the Secrets of a target's kube-system");
    Ok(())
}
