//! The world outside the clusters: a forge (Gitea) and an AWS emulator (LocalStack) as containers
//! on the clusters' network.

mod aws;
pub(crate) mod containers;
mod gitea;
mod signing;

pub(crate) use gitea::secret;
pub(crate) use signing::SigningKey;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{env::Ground, forge::Forge, layout::Layout, network::Network, ports, progress::StepHandle};

/// The forge's container, and its name on the network.
pub(crate) const FORGE: &str = "gitops-loop-forge";
/// The emulator's container, and its name on the network.
pub(crate) const AWS: &str = "gitops-loop-aws";
/// On every container of ours; its value is the run.
pub(crate) const LABEL: &str = "gitops-loop.run";

const FORGE_PORT: u16 = 3000;
/// Where it listens, and what the network policies allow.
pub(crate) const AWS_PORT: u16 = 4566;

/// The forge and the emulator, running. `Clone` gives another view of the same containers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) forge: ForgeAccess,
    pub(crate) aws: AwsAccess,
    /// What CI signs images with.
    pub(crate) signing: Option<SigningKey>,
    /// What the forge holds, or will.
    #[serde(default)]
    pub(crate) layout: Layout,
}

/// How to reach the forge; the organisation exists, its repositories do not yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ForgeAccess {
    /// `http://127.0.0.1:<port>`, from this process.
    pub(crate) host_url: String,
    /// `127.0.0.1:<port>`, what images are pushed to.
    pub(crate) registry: String,
    /// `http://gitops-loop-forge:3000`, from nodes and pods; what manifests name.
    pub(crate) cluster_url: String,
    /// This machine as containers on the network reach it (the network's IPv4 gateway): where
    /// webhooks to the CI go.
    pub(crate) host_ip_for_containers: String,
    /// Administrator of the forge and owner of the organisation.
    pub(crate) user: String,
    pub(crate) password: String,
    /// An API token of `user` with every scope.
    pub(crate) token: String,
    /// The shared secret of the webhooks Argo CD receives (its `webhook.gogs.secret`).
    pub(crate) argocd_webhook_secret: String,
}

impl ForgeAccess {
    pub(crate) const ORGANISATION: &str = "gitops-loop";

    /// The forge as nodes and pods reach it.
    pub(crate) fn cluster_url() -> String {
        format!("http://{FORGE}:{FORGE_PORT}")
    }

    /// The root of its API, from this process.
    pub(crate) fn api_url(&self) -> String {
        format!("{}/api/v1", self.host_url)
    }

    /// A client of its API, as its administrator.
    pub(crate) fn client(&self) -> Forge {
        Forge::new(&self.api_url(), &self.token)
    }
}

/// How to reach the AWS emulator; stacks and tables of both environments exist.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AwsAccess {
    /// `http://127.0.0.1:<port>`.
    pub(crate) host_url: String,
}

/// Starts both containers and makes them usable: user, token and organisation on the forge, stacks
/// on the emulator.
pub(crate) async fn bring_up(
    ground: &Ground,
    network: &Network,
    layout: Layout,
    step: &StepHandle,
) -> Result<World> {
    let ports = ports::free(2)?;
    let (forge_port, aws_port) = (ports[0], ports[1]);
    let secrets = gitea::Secrets::generate()?;
    let request = containers::Request {
        run: ground.run.id.clone(),
        network: ground.engine.network().to_owned(),
        forge_image: ground.parts.forge_image.clone(),
        forge_port,
        forge_settings: secrets.settings(&ForgeAccess::cluster_url()),
        aws_image: ground.parts.aws_image.clone(),
        aws_port,
    };
    step.doing("start the containers of forge and emulator");
    containers::start(ground, &request)
        .await
        .context("start the containers of forge and emulator")?;
    network.pin(&ground.run, &ground.engine).await?;
    let aws = AwsAccess {
        host_url: format!("http://127.0.0.1:{aws_port}"),
    };
    let (forge, (), signing) = tokio::try_join!(
        gitea::prepare(ground, network, forge_port, secrets, step),
        aws::deploy_stacks(ground, &aws, step),
        async {
            match &ground.parts.cosign {
                Some(cosign) => SigningKey::generate(ground, cosign, "ci").await.map(Some),
                None => Ok(None),
            }
        },
    )?;
    Ok(World {
        forge,
        aws,
        signing,
        layout,
    })
}
