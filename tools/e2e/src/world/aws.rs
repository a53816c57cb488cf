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
/// Where it listens, and what the network policies allow.
pub(crate) const AWS_PORT: u16 = 4566;

const TEMPLATE: &str = "infra/aws/message-board.yaml";
const HEALTHY: Duration = Duration::from_secs(90);
const DEPLOY: Duration = Duration::from_secs(90);

/// Runs in the emulator's container, with the stack's name, its parameter and the region.
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
    let (stack, parameter) = (
        environment.stack(),
        format!("ParameterKey=Environment,ParameterValue={environment}"),
    );
    let exec = [
        "exec",
        "--interactive",
        AWS,
        "sh",
        "-c",
        CREATE,
        stack,
        &parameter,
        &harness.account.region,
    ];
    let log = harness.run.log(&format!("stack-{environment}"));
    Tool::of_engine(&harness.engine, exec, &log, DEPLOY)?
        .input(template)
        .run()
        .await
        .with_context(|| format!("create stack {stack} from {TEMPLATE}"))
}
