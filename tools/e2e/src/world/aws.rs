//! The emulator's stacks, deployed from the very template AWS gets, by AWS' own command line in the
//! emulator's container.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::{
    environment::Environment,
    harness::Harness,
    process::Tool,
    progress::StepHandle,
    wait::{Verdict, eventually},
};

/// The emulator's container, and its name on the network.
pub(crate) const AWS: &str = "gitops-loop-aws";
/// Where it listens. What runs in a cluster goes by the proxy in front of it.
pub(crate) const AWS_PORT: u16 = 4566;

const TEMPLATE: &str = "infra/aws/message-board.yaml";
const HEALTHY: Duration = Duration::from_secs(90);
const DEPLOY: Duration = Duration::from_secs(90);

/// Runs in the emulator's container, with the stack's name, the region and the parameters.
const CREATE: &str = include_str!("create-stack.sh");

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
    step.doing("AWS emulator: deploy the stack of each environment");
    let template = harness.run.repo.join(TEMPLATE);
    let template = std::fs::read(&template).with_context(|| format!("read {}", template.display()))?;
    let each = Environment::all()
        .iter()
        .map(|environment| deploy(harness, *environment, &template));
    try_join_all(each).await.map(drop)
}

async fn deploy(harness: &Harness, environment: Environment, template: &[u8]) -> Result<()> {
    let stack = environment.stack();
    let parameter = |name: &str, value: &str| format!("ParameterKey={name},ParameterValue={value}");
    let exec = [
        "exec",
        "--interactive",
        // The emulator takes an account's number for a key of it.
        "--env",
        &format!("AWS_ACCESS_KEY_ID={}", harness.account.id),
        "--env",
        "AWS_SECRET_ACCESS_KEY=any",
        AWS,
        "sh",
        "-c",
        CREATE,
        stack,
        &harness.account.region,
        &parameter("Environment", environment.name()),
        &parameter("OidcProvider", &environment.issuer()),
    ];
    let log = harness.run.log(&format!("stack-{environment}"));
    Tool::of_engine(&harness.engine, exec, &log, DEPLOY)?
        .input(template)
        .run()
        .await
        .with_context(|| format!("create stack {stack} from {TEMPLATE}"))
}
