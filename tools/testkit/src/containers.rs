//! `DynamoDB` Local and `LocalStack` in containers, both from `LocalStack`'s image, which has the
//! other inside.

use std::env;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use testcontainers::core::{ContainerPort, IntoContainerPort as _};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt as _};

use crate::leftovers::{LABEL, Run};
use crate::names::{DYNAMODB_LOCAL, LOCALSTACK};

/// `LocalStack`'s image, which the engine at `DOCKER_HOST` has. Whoever starts the tests sets both.
const IMAGE: &str = "TESTKIT_AWS_IMAGE";
/// Set in its place: why there is no such image.
const NO_IMAGE: &str = "TESTKIT_NO_AWS_IMAGE";

/// Where `LocalStack`'s image keeps the program that it would start itself.
const DYNAMODB_FOLDER: &str = "/usr/lib/localstack/dynamodb-local/2";
const JAVA: &str = "/usr/lib/localstack/java/21/bin/java";
/// One database for all regions and keys, in memory, on the default port 8000; asks nobody outside.
const DYNAMODB_ARGUMENTS: &[&str] = &[
    "-Djava.library.path=DynamoDBLocal_lib",
    "-jar",
    "DynamoDBLocal.jar",
    "-inMemory",
    "-sharedDb",
    "-disableTelemetry",
];
const DYNAMODB_PORT: u16 = 8000;

/// Nothing but the table service, loaded at the start; no call to the world outside.
const LOCALSTACK_SETTINGS: &[(&str, &str)] = &[
    ("SERVICES", "dynamodb"),
    ("EAGER_SERVICE_LOADING", "1"),
    ("DISABLE_EVENTS", "1"),
    ("SKIP_SSL_CERT_DOWNLOAD", "1"),
    ("DNS_ADDRESS", "0"),
    ("DYNAMODB_IN_MEMORY", "1"),
];
const LOCALSTACK_PORT: u16 = 4566;

/// A cold start of Java and Python on a busy machine takes a quarter of it.
const START: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(100);

/// The two containers.
#[derive(Debug)]
pub(crate) struct Containers {
    dynamodb_local: ContainerAsync<GenericImage>,
    localstack: ContainerAsync<GenericImage>,
    _run: Run,
}

/// Whether whoever started the tests has named an engine with the image: then it is no reason to
/// skip that nothing starts.
pub(crate) fn are_promised() -> bool {
    env::var_os(IMAGE).is_some()
}

impl Containers {
    /// Starts both, after removing what killed runs left.
    pub(crate) async fn start() -> Result<Self> {
        if let Ok(reason) = env::var(NO_IMAGE) {
            bail!(reason);
        }
        let image =
            env::var(IMAGE).with_context(|| format!("{IMAGE} is not set; `cargo xtask test` sets it"))?;
        let (name, tag) = image
            .rsplit_once(':')
            .with_context(|| format!("the image {image} has no tag"))?;
        let image = GenericImage::new(name, tag);
        let run = Run::begin().await?;
        let (dynamodb_local, localstack) = tokio::try_join!(
            Box::pin(on_loopback(dynamodb_local(image.clone()), DYNAMODB_PORT.tcp(), &run).start()),
            Box::pin(on_loopback(localstack(image), LOCALSTACK_PORT.tcp(), &run).start()),
        )
        .context("start DynamoDB Local and LocalStack")?;
        Ok(Self {
            dynamodb_local,
            localstack,
            _run: run,
        })
    }

    /// Names and endpoints, once both answer.
    pub(crate) async fn answering(&self) -> Result<[(&'static str, String); 2]> {
        let (dynamodb_local, localstack) = tokio::try_join!(
            Box::pin(answering(&self.dynamodb_local, DYNAMODB_PORT)),
            Box::pin(answering(&self.localstack, LOCALSTACK_PORT)),
        )?;
        Ok([(DYNAMODB_LOCAL, dynamodb_local), (LOCALSTACK, localstack)])
    }

    pub(crate) async fn remove(self) -> Result<()> {
        tokio::try_join!(self.dynamodb_local.rm(), self.localstack.rm()).context("remove the containers")?;
        Ok(())
    }
}

fn dynamodb_local(image: GenericImage) -> ContainerRequest<GenericImage> {
    image
        .with_entrypoint(JAVA)
        .with_cmd(DYNAMODB_ARGUMENTS.iter().copied())
        .with_working_dir(DYNAMODB_FOLDER)
}

fn localstack(image: GenericImage) -> ContainerRequest<GenericImage> {
    LOCALSTACK_SETTINGS
        .iter()
        .fold(image.into(), |request, (name, value)| {
            request.with_env_var(*name, *value)
        })
}

/// On a port of this machine's loopback address that the system chooses.
fn on_loopback(
    request: ContainerRequest<GenericImage>,
    port: ContainerPort,
    run: &Run,
) -> ContainerRequest<GenericImage> {
    request
        .with_mapped_port(0, port)
        .with_host_config_modifier(|config| {
            let bindings = config.port_bindings.iter_mut().flatten();
            for binding in bindings.flat_map(|(_, bindings)| bindings.iter_mut().flatten()) {
                binding.host_ip = Some("127.0.0.1".to_owned());
            }
        })
        .with_label(LABEL, run.id())
        .with_startup_timeout(START)
}

async fn answering(container: &ContainerAsync<GenericImage>, port: u16) -> Result<String> {
    let port = container
        .get_host_port_ipv4(port)
        .await
        .context("ask the engine for a container's port")?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let client = crate::client(&endpoint).await;
    let started = Instant::now();
    while let Err(error) = client.list_tables().send().await {
        if started.elapsed() > START {
            let output = container.stderr_to_vec().await.unwrap_or_default();
            let output = String::from_utf8_lossy(&output).into_owned();
            return Err(error).with_context(|| {
                format!(
                    "no answer at {endpoint} after {} s; it printed:\n{output}",
                    START.as_secs()
                )
            });
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(endpoint)
}
