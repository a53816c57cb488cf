//! One environment's cluster: a kind node on the engine, reached through its own kubeconfig.

mod config;
mod names;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use kube::{
    Api, Client,
    config::{Config, KubeConfigOptions, Kubeconfig},
};
use serde::{Deserialize, Serialize};
use supply::engine::Kind;
use xshell::{Shell, cmd};

use crate::{
    env::Ground,
    environment::Environment,
    network::Network,
    ports,
    process::Tool,
    progress::StepHandle,
    wait::{Verdict, eventually},
};

const CREATE: Duration = Duration::from_mins(3);
const READY: Duration = Duration::from_secs(90);
const EXEC: Duration = Duration::from_secs(20);

/// A running cluster. `Clone` is cheap; the cluster itself is removed by `teardown`, never by a drop.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) environment: Environment,
    pub(crate) name: String,
    pub(crate) client: Client,
    pub(crate) kubeconfig: PathBuf,
    /// `http://127.0.0.1:<port>` of the frontend's `NodePort`.
    pub(crate) frontend_url: String,
    /// `http://127.0.0.1:<port>` of the backend's `NodePort`.
    pub(crate) backend_url: String,
}

/// What another process needs to reach a cluster that is up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClusterState {
    pub(crate) environment: Environment,
    pub(crate) kubeconfig: PathBuf,
    pub(crate) frontend_url: String,
    pub(crate) backend_url: String,
}

impl Cluster {
    /// Connects to a cluster that is up.
    pub(crate) async fn open(state: ClusterState) -> Result<Self> {
        let ClusterState {
            environment,
            kubeconfig,
            frontend_url,
            backend_url,
        } = state;
        Ok(Self {
            environment,
            name: environment.cluster(),
            client: client(&kubeconfig).await?,
            kubeconfig,
            frontend_url,
            backend_url,
        })
    }

    pub(crate) fn state(&self) -> ClusterState {
        ClusterState {
            environment: self.environment,
            kubeconfig: self.kubeconfig.clone(),
            frontend_url: self.frontend_url.clone(),
            backend_url: self.backend_url.clone(),
        }
    }
}

/// Argo CD of an environment as the forge's webhooks reach it.
pub(crate) fn argocd_url_for_forge(environment: Environment) -> String {
    format!("http://{}:{}", environment.node(), config::ARGOCD)
}

/// Makes the cluster and waits until pods can be scheduled and resolve names.
pub(crate) async fn create(
    ground: &Ground,
    network: &Network,
    environment: Environment,
    step: &StepHandle,
) -> Result<Cluster> {
    let shell = Shell::new().context("open a shell")?;
    let log = ground.run.log(&format!("cluster-{environment}"));
    let [frontend, backend] = ports::free()?;
    let settings = config::render(
        ground,
        environment,
        &[(config::FRONTEND, frontend), (config::BACKEND, backend)],
    )?;
    let kubeconfig = ground.run.file(&format!("kubeconfig-{environment}"));
    let (kind, name, image) = (
        &ground.parts.kind,
        environment.cluster(),
        &ground.parts.node_image,
    );
    step.doing("kind starts the node");
    // Kept on failure, so that its logs can be read before it is removed.
    let create = cmd!(
        shell,
        "{kind} create cluster --name {name} --image {image} --kubeconfig {kubeconfig} --config - --retain"
    )
    .envs(ground.engine.env().iter().map(|(name, value)| (name, value)));
    Tool::new(create, &log, CREATE)
        .input(settings.text.as_str())
        .run()
        .await
        .context("kind did not bring up the node")?;
    network.pin(&ground.run, &ground.engine).await?;
    let cluster = Cluster::open(ClusterState {
        environment,
        kubeconfig,
        frontend_url: format!("http://127.0.0.1:{frontend}"),
        backend_url: format!("http://127.0.0.1:{backend}"),
    })
    .await?;
    if ground.engine.kind() == Kind::Podman {
        names::forward_to(&cluster.client, &network.gateway, step).await?;
    }
    node_ready(&cluster, step).await?;
    // A packet to a pod that is gone would otherwise leave the machine, and whoever is there answers in its place.
    let node = environment.node();
    let route = [
        "exec",
        &node,
        "ip",
        "route",
        "replace",
        "unreachable",
        &settings.pods,
    ];
    Tool::new(ground.engine.command(&shell, route), &log, EXEC)
        .run()
        .await
        .context("keep packets to dead pods inside")?;
    names::ready(&cluster.client, step).await?;
    Ok(cluster)
}

/// kind's own wait ends with success on a timeout, so it is not used.
async fn node_ready(cluster: &Cluster, step: &StepHandle) -> Result<()> {
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    eventually(step, "node", READY, async || {
        let node = nodes.get(&cluster.environment.node()).await?;
        let conditions = node
            .status
            .and_then(|status| status.conditions)
            .unwrap_or_default();
        Ok(
            match conditions
                .into_iter()
                .find(|condition| condition.type_ == "Ready")
            {
                Some(ready) if ready.status == "True" => Verdict::Ready(()),
                Some(ready) => Verdict::Pending(ready.message.unwrap_or_else(|| "not ready".to_owned())),
                None => Verdict::Pending("has not reported yet".to_owned()),
            },
        )
    })
    .await
}

async fn client(kubeconfig: &std::path::Path) -> Result<Client> {
    let read = Kubeconfig::read_from(kubeconfig).with_context(|| format!("read {}", kubeconfig.display()))?;
    let mut config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default())
        .await
        .with_context(|| format!("understand {}", kubeconfig.display()))?;
    config.connect_timeout = Some(Duration::from_secs(5));
    config.read_timeout = Some(Duration::from_secs(30));
    Client::try_from(config).context("make a client of the cluster")
}
