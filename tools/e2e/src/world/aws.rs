//! The emulator's stacks, deployed from the very template AWS gets, by AWS' own command line in the
//! emulator's container.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;

use super::{AWS, AwsAccess};
use crate::{
    env::Ground,
    environment::Environment,
    process::Tool,
    progress::StepHandle,
    wait::{Verdict, eventually},
};

const TEMPLATE: &str = "infra/aws/message-board.yaml";
const HEALTHY: Duration = Duration::from_secs(90);
const DEPLOY: Duration = Duration::from_secs(90);

/// Runs in the emulator's container, with the stack's name, its parameter and the region.
const CREATE: &str = include_str!("create-stack.sh");

pub(super) async fn deploy_stacks(ground: &Ground, aws: &AwsAccess, step: &StepHandle) -> Result<()> {
    eventually(step, "AWS emulator", HEALTHY, async || {
        let answer = ground
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
    let template = ground.run.repo.join(TEMPLATE);
    let template = std::fs::read(&template).with_context(|| format!("read {}", template.display()))?;
    let each = Environment::all()
        .iter()
        .map(|environment| deploy(ground, *environment, &template));
    try_join_all(each).await.map(drop)
}

async fn deploy(ground: &Ground, environment: Environment, template: &[u8]) -> Result<()> {
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
        &ground.account.region,
    ];
    let log = ground.run.log(&format!("stack-{environment}"));
    Tool::of_engine(&ground.engine, exec, &log, DEPLOY)?
        .input(template)
        .run()
        .await
        .with_context(|| format!("create stack {stack} from {TEMPLATE}"))
}
