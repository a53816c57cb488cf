//! Starts the two containers through testcontainers.
//!
//! It reads the engine's socket from `DOCKER_HOST` and nowhere else, and a running process cannot
//! change its own environment without `unsafe`: so this part runs as a process of its own,
//! `e2e start-containers`, with its request on stdin. It is told to keep what it started;
//! `teardown` finds that by name.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use testcontainers::{
    ContainerRequest, CopyTargetOptions, GenericImage, ImageExt as _,
    core::{AccessMode, ContainerPort, IntoContainerPort as _, Mount, WaitFor},
    runners::AsyncRunner as _,
};
use xshell::{Shell, cmd};

use super::{
    aws::{AWS, AWS_PORT},
    gitea,
};
use crate::{
    git::forge::{FORGE, FORGE_PORT},
    host::process::Tool,
    run::Harness,
};

/// On every container of ours; its value is the run.
pub(crate) const LABEL: &str = "gitops-loop.run";

/// Only what the template needs, and what add-ons ask for besides.
const SERVICES: &str = "cloudformation,dynamodb,iam,sts";
const OF_ADDONS: &str = ",route53,secretsmanager"; // wing: addons

/// No service is loaded in the middle of a deployment, and no call to the world outside.
const AWS_SETTINGS: &[(&str, &str)] = &[
    ("EAGER_SERVICE_LOADING", "1"),
    ("DISABLE_EVENTS", "1"),
    ("SKIP_SSL_CERT_DOWNLOAD", "1"),
    ("DNS_ADDRESS", "0"),
];
/// Whether a resource that it does not know is left out, or is an error.
const LEAVES_OUT: &str = "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES";

const START: Duration = Duration::from_mins(1);

/// What to start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) run: String,
    pub(crate) network: String,
    pub(crate) forge_image: String,
    pub(crate) forge_pages: Option<PathBuf>,
    pub(crate) forge_port: u16,
    pub(crate) forge_settings: String,
    pub(crate) aws_image: String,
    pub(crate) aws_port: u16,
    pub(crate) addons: bool, // wing: addons
    /// Whether the emulator leaves out of a stack what it does not know, as what EKS has.
    pub(crate) leaves_out: bool,
}

/// Has `request` done by a process that sees the engine's socket.
pub(super) async fn start(harness: &Harness, request: &Request) -> Result<()> {
    let shell = Shell::new().context("open a shell")?;
    let _service = harness
        .engine
        .serve(&harness.run.logs())
        .context("make the engine's socket answer")?;
    let socket = format!("unix://{}", harness.engine.socket().display());
    // This very binary, also after cargo has written a newer one over it.
    let itself = cmd!(shell, "/proc/self/exe start-containers")
        .env("DOCKER_HOST", socket)
        .env("TESTCONTAINERS_COMMAND", "keep");
    let request = serde_json::to_vec(request).context("write the request")?;
    Tool::new(itself, &harness.run.log("world"), START)
        .input(request)
        .run()
        .await
}

/// The other side of [`start`].
pub(crate) async fn serve() -> Result<()> {
    let request: Request =
        serde_json::from_reader(std::io::stdin()).context("read the request from stdin")?;
    tokio::try_join!(forge(&request), aws(&request))?;
    Ok(())
}

async fn forge(request: &Request) -> Result<()> {
    let (name, tag) = split(&request.forge_image)?;
    let image = GenericImage::new(name, tag)
        .with_entrypoint("gitea")
        .with_wait_for(WaitFor::message_on_either_std("Starting new Web server"));
    let settings = CopyTargetOptions::new(gitea::SETTINGS).with_mode(0o644);
    let mut forge = published(request, image.into(), request.forge_port, FORGE_PORT.tcp());
    if let Some(pages) = &request.forge_pages {
        let mount = Mount::bind_mount(pages.display().to_string(), gitea::PAGES);
        forge = forge.with_mount(mount.with_access_mode(AccessMode::ReadOnly));
    }
    forge
        .with_cmd(["web", "--config", gitea::SETTINGS])
        .with_user(gitea::USER)
        .with_env_var("GITEA_WORK_DIR", gitea::FOLDER)
        .with_env_var("GITEA_CUSTOM", format!("{}/custom", gitea::FOLDER))
        .with_env_var("HOME", gitea::FOLDER)
        .with_copy_to(settings, request.forge_settings.clone().into_bytes())
        .with_container_name(FORGE)
        .with_label(LABEL, &request.run)
        .start()
        .await
        .context("start the forge")?;
    Ok(())
}

async fn aws(request: &Request) -> Result<()> {
    let (name, tag) = split(&request.aws_image)?;
    let mut emulator = published(
        request,
        GenericImage::new(name, tag).into(),
        request.aws_port,
        AWS_PORT.tcp(),
    );
    let services = [
        SERVICES,
        if request.addons { OF_ADDONS } else { "" }, // wing: addons
    ];
    emulator = emulator.with_env_var("SERVICES", services.concat());
    for (name, value) in AWS_SETTINGS {
        emulator = emulator.with_env_var(*name, *value);
    }
    emulator = emulator.with_env_var(LEAVES_OUT, if request.leaves_out { "1" } else { "0" });
    emulator
        .with_container_name(AWS)
        .with_label(LABEL, &request.run)
        .start()
        .await
        .context("start the AWS emulator")?;
    Ok(())
}

/// On our network, its port on the loopback address only: nobody else on the user's network is to
/// see it.
fn published(
    request: &Request,
    image: ContainerRequest<GenericImage>,
    host: u16,
    container: ContainerPort,
) -> ContainerRequest<GenericImage> {
    image
        .with_network(&request.network)
        .with_mapped_port(host, container)
        .with_startup_timeout(START)
        .with_host_config_modifier(|config| {
            for binding in config
                .port_bindings
                .iter_mut()
                .flatten()
                .flat_map(|(_, bindings)| bindings.iter_mut().flatten())
            {
                binding.host_ip = Some("127.0.0.1".to_owned());
            }
        })
}

fn split(image: &str) -> Result<(&str, &str)> {
    image
        .rsplit_once(':')
        .with_context(|| format!("the image {image} has no tag"))
}
