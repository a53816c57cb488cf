//! The world outside the clusters: a forge (Gitea) and an AWS emulator (LocalStack) as containers
//! on the clusters' network.

pub(crate) mod account;
pub(crate) mod aws;
pub(crate) mod containers;
mod gitea;
pub(crate) mod iam_proxy;
mod signing;

pub(crate) use aws::AWS;
use aws::AwsAccess;
pub(crate) use gitea::secret;
pub(crate) use iam_proxy::{IAM_PROXY, IAM_PROXY_PORT, IamProxy};
pub(crate) use signing::SigningKey;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{
    git::{forge::ForgeAccess, layout::Layout},
    host::{network::Network, ports},
    run::{Harness, StepHandle, topology::Topology},
};

/// The forge and the emulator, running. `Clone` gives another view of the same containers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) forge: ForgeAccess,
    pub(crate) aws: AwsAccess,
    /// What stands in front of it.
    pub(crate) iam_proxy: IamProxy,
    /// What CI signs images with.
    pub(crate) signing: Option<SigningKey>,
    /// What the forge holds, or will.
    #[serde(default)]
    pub(crate) layout: Layout,
    /// Where Argo CD runs.
    #[serde(default)]
    pub(crate) topology: Topology,
    /// Whether add-ons are on.
    #[serde(default)]
    pub(crate) addons: bool,
    /// Whether a person may look at Argo CD's interface without a login.
    #[serde(default)]
    pub(crate) readers: bool,
}

/// Starts both containers and makes them usable: user, token and organisation on the forge, stacks
/// on the emulator.
pub(crate) async fn bring_up(
    harness: &Harness,
    network: &Network,
    layout: Layout,
    topology: Topology,
    step: &StepHandle,
) -> Result<World> {
    let ports = ports::free(3)?;
    let (forge_port, aws_port, proxy_port) = (ports[0], ports[1], ports[2]);
    let secrets = gitea::Secrets::generate()?;
    let request = containers::Request {
        run: harness.run.id.clone(),
        network: harness.engine.network().to_owned(),
        forge_image: harness.parts.forge_image.clone(),
        forge_pages: harness.forge_pages.clone(),
        forge_port,
        forge_settings: secrets.settings(&ForgeAccess::cluster_url()),
        aws_image: harness.parts.aws_image.clone(),
        aws_port,
        addons: !harness.parts.addons.is_empty(), // wing: addons
        leaves_out: topology == Topology::Hub,
    };
    step.doing("start the containers of forge and emulator");
    containers::start(harness, &request)
        .await
        .context("start the containers of forge and emulator")?;
    network.pin(&harness.run, &harness.engine).await?;
    let aws = AwsAccess {
        host_url: format!("http://127.0.0.1:{aws_port}"),
    };
    let (forge, (), signing) = tokio::try_join!(
        gitea::prepare(harness, network, forge_port, secrets, step),
        aws::deploy_stacks(harness, &aws, step),
        async {
            match &harness.parts.cosign {
                Some(cosign) => SigningKey::generate(harness, cosign, "ci").await.map(Some),
                None => Ok(None),
            }
        },
    )?;
    Ok(World {
        forge,
        aws,
        iam_proxy: IamProxy { port: proxy_port },
        signing,
        layout,
        topology,
        addons: !harness.parts.addons.is_empty(),
        readers: false,
    })
}
