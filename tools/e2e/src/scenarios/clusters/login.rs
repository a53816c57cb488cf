//! Argo CD logs in to each target by the role of that target, and to no other by it; a pod of Argo
//! CD that has no business there logs in to none.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ListParams, PostParams};
use kube::{Api, Client};
use serde_json::Value;
use xshell::Shell;

use crate::argocd::NAMESPACE;
use crate::cluster::Cluster;
use crate::process::Tool;
use crate::progress::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::step::Step;
use crate::testbed::Testbed;

/// Programs of Argo CD: one that talks to clusters, and one that does not.
const CONTROLLER: &str = "statefulset/argocd-application-controller";
const REPO_SERVER: &str = "deployment/argocd-repo-server";
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
        let token = token(testbed, CONTROLLER, target, &role(testbed, target)).await?;
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
    let target = testbed.first();
    let other = role(testbed, target).replace("argo-cd-hub-", "none-");
    for (program, role, what) in [
        (
            REPO_SERVER,
            role(testbed, target),
            "the repo server has a role of a target",
        ),
        (
            CONTROLLER,
            other,
            "Argo CD may take on a role that is no target's",
        ),
    ] {
        ensure!(token(testbed, program, target, &role).await.is_err(), "{what}");
    }
    step.evidence(
        "a token is made of the role of a target, counts there and nowhere else, and the repo server gets none"
            .to_owned(),
    );
    Ok(())
}

/// As clusterset writes it.
fn role(testbed: &Testbed, target: &Cluster) -> String {
    let account = &testbed.harness.account.id;
    format!("arn:aws:iam::{account}:role/argo-cd-hub-{}", target.name)
}

/// What a program of Argo CD logs in with.
async fn token(testbed: &Testbed, program: &str, target: &Cluster, role: &str) -> Result<String> {
    let (harness, hub) = (&testbed.harness, testbed.fleet()?.hub());
    let shell = Shell::new().context("open a shell")?;
    let ask = [
        "argocd-k8s-auth",
        "aws",
        "--cluster-name",
        &target.name,
        "--role-arn",
        role,
    ];
    let exec = [&["--namespace", NAMESPACE, "exec", program, "--"][..], &ask].concat();
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
