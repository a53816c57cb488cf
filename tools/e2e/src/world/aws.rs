//! The emulator's stacks, deployed from the very template AWS gets, by AWS' own command line in the
//! emulator's container.

mod answers;

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::{
    actors::Administrator,
    environment::{Environment, project},
    host::process::Tool,
    run::{Harness, StepHandle},
    wait::{Verdict, eventually},
};

pub(crate) use self::answers::{Refusal, answered, element};

/// The emulator's container, and its name on the network.
pub(crate) const AWS: &str = "gitops-loop-aws";
/// Where it listens. What runs in a cluster goes by the proxy in front of it.
pub(crate) const AWS_PORT: u16 = 4566;

/// What an environment's cluster may do, and whom it lets in.
pub(crate) const CLUSTER: &str = "infra/aws/cluster.yaml";
const TEMPLATE: &str = "infra/aws/message-board.yaml";
const HEALTHY: Duration = Duration::from_secs(90);
const DEPLOY: Duration = Duration::from_secs(90);

/// Runs in the emulator's container, with the stack's name, what becomes of it, the region and the
/// parameters.
const DEPLOY_STACK: &str = include_str!("deploy-stack.sh");

/// How to reach the AWS emulator; stacks and tables of both environments exist.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AwsAccess {
    /// `http://127.0.0.1:<port>`.
    pub(crate) host_url: String,
}

pub(super) async fn deploy_stacks(harness: &Harness, aws: &AwsAccess, step: &StepHandle) -> Result<()> {
    eventually(step, "AWS emulator", HEALTHY, async || {
        let answer = harness
            .http
            .get(format!("{}/_localstack/health", aws.host_url))
            .send()
            .await?;
        Ok(match answer.status() {
            status if status.is_success() => Verdict::Ready(()),
            status => Verdict::Pending(format!("its health check answers {status}")),
        })
    })
    .await?;
    Administrator::new(harness, aws).first_calls().await?;
    step.doing("AWS emulator: deploy the stack of each environment");
    let each = Environment::all().iter().map(|environment| {
        let parameters = of_environment(*environment);
        create_stack(harness, environment.stack(), TEMPLATE, parameters)
    });
    try_join_all(each).await.map(drop)
}

/// What the template of an environment's stack is told.
pub(crate) fn of_environment(environment: Environment) -> Vec<(&'static str, String)> {
    vec![
        ("Environment", environment.name().to_owned()),
        ("OidcProvider", environment.issuer()),
    ]
}

/// Makes a stack from a template of the repository.
pub(crate) async fn create_stack(
    harness: &Harness,
    stack: &str,
    template: &str,
    parameters: Vec<(&str, String)>,
) -> Result<()> {
    deploy_stack(harness, stack, "create", template, parameters).await
}

/// Makes the stack of an environment's cluster, which is told one thing besides what all are.
pub(crate) async fn create_cluster(
    harness: &Harness,
    environment: Environment,
    more: (&'static str, String),
) -> Result<()> {
    let stack = format!("{}-cluster-{environment}", project().name());
    let mut parameters = of_environment(environment);
    parameters.extend([("Project", project().name().to_owned()), more]);
    create_stack(harness, &stack, CLUSTER, parameters).await
}

/// Tells the stack of an environment, which is there, more than it was told when it was made.
pub(crate) async fn update_stack(
    harness: &Harness,
    environment: Environment,
    more: Option<(&str, String)>,
) -> Result<()> {
    let parameters = of_environment(environment).into_iter().chain(more).collect();
    deploy_stack(harness, environment.stack(), "update", TEMPLATE, parameters).await
}

/// Makes or updates a stack, as the verb says.
pub(crate) async fn deploy_stack(
    harness: &Harness,
    stack: &str,
    verb: &str,
    template: &str,
    parameters: Vec<(&str, String)>,
) -> Result<()> {
    let file = harness.run.repo.join(template);
    let text = std::fs::read(&file).with_context(|| format!("read {}", file.display()))?;
    let parameters = parameters
        .iter()
        .map(|(name, value)| format!("ParameterKey={name},ParameterValue={value}"));
    let access_key = format!("AWS_ACCESS_KEY_ID={}", harness.account.id);
    let exec = [
        "exec",
        "--interactive",
        // The emulator takes an account's number for a key of it.
        "--env",
        &access_key,
        "--env",
        "AWS_SECRET_ACCESS_KEY=any",
        AWS,
        "sh",
        "-c",
        DEPLOY_STACK,
        stack,
        verb,
        &harness.account.region,
    ];
    let exec = exec.map(str::to_owned).into_iter().chain(parameters);
    let log = harness.run.log(&format!("stack-{stack}"));
    Tool::of_engine(&harness.engine, exec, &log, DEPLOY)?
        .input(text)
        .run()
        .await
        .with_context(|| format!("{verb} stack {stack} from {template}"))
}
