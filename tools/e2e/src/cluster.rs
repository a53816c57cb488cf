//! One environment's cluster: kind's nodes on the engine, reached through its own kubeconfig.

mod authenticator;
mod config;
mod hub;
mod join;
mod names;
mod pods;
mod ready;
mod secret;
mod services;
mod sites;
pub(crate) mod volumes;

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use kube::{
    Client,
    config::{AuthInfo, Config, KubeConfigOptions, Kubeconfig},
};
use serde::{Deserialize, Serialize};
use supply::engine::Kind;
use xshell::{Cmd, Shell, cmd};

use crate::{
    environment::Environment,
    host::{network::Network, process::Tool},
    run::{Harness, StepHandle},
};

pub(crate) use self::hub::argocd_url_for_forge;
pub(crate) use self::sites::Ports;

const CREATE: Duration = Duration::from_mins(3);
const APPLY: Duration = Duration::from_mins(1);
const ON_NODE: Duration = Duration::from_secs(30);

/// Where Argo CD listens on the nodes.
pub(crate) const ARGOCD_PORT: u16 = config::ARGOCD;

/// What enforces the network policies, and what gives pods the tokens of their accounts for AWS.
const ADDED: [&str; 2] = ["infra/local/kube-router.yaml", "infra/local/pod-identity.yaml"];

/// A running cluster. `Clone` is cheap; the cluster itself is removed by `teardown`, not by a drop.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) environment: Environment,
    pub(crate) name: String,
    pub(crate) client: Client,
    pub(crate) kubeconfig: PathBuf,
    /// `http://127.0.0.1:<port>` of each app with a `NodePort`, by its name.
    sites: BTreeMap<String, String>,
    /// The same of the Argo CD that runs in it, if one does.
    argocd_site: String,
    /// Where the Argo CD runs that manages it, if that is another cluster.
    hub: Option<Box<Self>>,
}

/// What another process needs to reach a cluster that is up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClusterState {
    pub(crate) environment: Environment,
    pub(crate) kubeconfig: PathBuf,
    #[serde(default)]
    pub(crate) sites: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) argocd: String,
}

impl Cluster {
    /// Connects to a cluster that is up.
    pub(crate) async fn open(state: ClusterState) -> Result<Self> {
        let ClusterState {
            environment,
            kubeconfig,
            sites,
            argocd,
        } = state;
        Ok(Self {
            environment,
            name: environment.cluster().to_owned(),
            client: client(&kubeconfig).await?,
            kubeconfig,
            sites,
            argocd_site: argocd,
            hub: None,
        })
    }

    pub(crate) fn state(&self) -> ClusterState {
        ClusterState {
            environment: self.environment,
            kubeconfig: self.kubeconfig.clone(),
            sites: self.sites.clone(),
            argocd: self.argocd_site.clone(),
        }
    }

    /// Runs a script of the shell on one of the nodes and gives what it prints.
    pub(crate) async fn on_node(
        &self,
        harness: &Harness,
        node: &str,
        script: &str,
        arguments: &[&str],
    ) -> Result<String> {
        let exec = [&["exec", node, "sh", "-c", script, "sh"], arguments].concat();
        let log = harness.run.log(&format!("cluster-{}", self.environment));
        Tool::of_engine(&harness.engine, exec, &log, ON_NODE)?
            .read()
            .await
    }

    /// The cluster as an account sees it, for example `system:serviceaccount:argocd:argocd-server`.
    pub(crate) async fn seen_by(&self, account: &str) -> Result<Client> {
        let mut config = config_of(&self.kubeconfig).await?;
        config.auth_info.impersonate = Some(account.to_owned());
        Client::try_from(config).with_context(|| format!("make a client of the cluster for {account}"))
    }

    /// The cluster as the bearer of a token sees it.
    pub(crate) async fn as_bearer_of(&self, token: &str) -> Result<Client> {
        let mut config = config_of(&self.kubeconfig).await?;
        config.auth_info = AuthInfo {
            token: Some(token.to_owned().into()),
            ..AuthInfo::default()
        };
        Client::try_from(config).context("make a client of the cluster for a token")
    }

    /// Applies manifests on the server's side; an error where somebody else has written otherwise
    /// what they say.
    pub(crate) async fn apply(&self, harness: &Harness, manifests: &str, log: &Path) -> Result<()> {
        self.applied(harness, manifests, log, &[]).await
    }

    /// The same over what others have written, where the command for a person says so too.
    pub(crate) async fn apply_over(&self, harness: &Harness, manifests: &str, log: &Path) -> Result<()> {
        self.applied(harness, manifests, log, &["--force-conflicts"])
            .await
    }

    async fn applied(&self, harness: &Harness, manifests: &str, log: &Path, options: &[&str]) -> Result<()> {
        let shell = Shell::new().context("open a shell")?;
        let apply = ["apply", "--server-side", "--field-manager", "e2e", "-f", "-"];
        let apply = self.kubectl(harness, &shell, &[&apply[..], options].concat());
        Tool::new(apply, log, APPLY).input(manifests).run().await
    }

    /// A command of kubectl that reaches this cluster and no other.
    pub(crate) fn kubectl<'sh>(&self, harness: &Harness, shell: &'sh Shell, args: &[&str]) -> Cmd<'sh> {
        let (kubectl, kubeconfig) = (&harness.parts.tools.kubectl, &self.kubeconfig);
        cmd!(shell, "{kubectl} --kubeconfig {kubeconfig} {args...}")
    }
}

/// Nodes that are ready.
pub(crate) struct Nodes {
    cluster: Cluster,
    settings: config::Settings,
    addresses: Vec<Ipv4Addr>,
}

impl Nodes {
    /// An error unless every node finds every node at its one address.
    pub(crate) async fn find_each_other(&self, harness: &Harness) -> Result<()> {
        join::found(harness, self.cluster.environment, &self.addresses).await
    }
}

/// Makes the cluster, people coming by these ports, and waits until pods can be
/// scheduled and resolve names.
pub(crate) async fn create(
    harness: &Harness,
    network: &Network,
    environment: Environment,
    ports: &Ports,
    step: &StepHandle,
) -> Result<Cluster> {
    let Nodes {
        cluster,
        settings,
        addresses,
    } = nodes(harness, network, environment, ports, step).await?;
    settings.pods.route(harness, environment, &addresses).await?;
    settings.services.keep(harness, environment).await?;
    if harness.engine.kind() == Kind::Podman {
        names::forward_to(&cluster.client, &network.gateway, addresses.len(), step).await?;
    }
    names::ready(&cluster.client, step).await?;
    ready::policies(&cluster, step).await?;
    Ok(cluster)
}

/// The first part of [`create`]: until the nodes are ready.
pub(crate) async fn nodes(
    harness: &Harness,
    network: &Network,
    environment: Environment,
    ports: &Ports,
    step: &StepHandle,
) -> Result<Nodes> {
    let shell = Shell::new().context("open a shell")?;
    let log = harness.run.log(&format!("cluster-{environment}"));
    let settings = config::render(harness, environment, ports)?;
    let kubeconfig = harness.run.file(&format!("kubeconfig-{environment}"));
    let (kind, name, image) = (
        &harness.parts.tools.kind,
        environment.cluster(),
        &harness.parts.node_image,
    );
    step.doing("kind starts the nodes");
    // Kept on failure, so that its logs can be read before it is removed.
    let create = cmd!(
        shell,
        "{kind} create cluster --name {name} --image {image} --kubeconfig {kubeconfig} --config - --retain"
    )
    .envs(harness.engine.env().iter().map(|(name, value)| (name, value)));
    let create = Tool::new(create, &log, CREATE).input(settings.text.as_str());
    join::watched(harness, environment, &log, step, create.run()).await?;
    network.pin(&harness.run, &harness.engine).await?;
    let cluster = Cluster::open(ClusterState {
        environment,
        kubeconfig,
        sites: ports.sites(),
        argocd: ports.argocd(),
    })
    .await?;
    let mut manifests = vec![settings.volumes.manifests()];
    for path in ADDED {
        let path = harness.run.repo.join(path);
        manifests.push(fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?);
    }
    cluster
        .apply_over(harness, &manifests.join("\n---\n"), &log)
        .await
        .with_context(|| format!("apply {} and {}", ADDED.join(", "), volumes::MANIFESTS))?;
    let addresses = ready::nodes(&cluster, step).await?;
    Ok(Nodes {
        cluster,
        settings,
        addresses,
    })
}

async fn client(kubeconfig: &Path) -> Result<Client> {
    Client::try_from(config_of(kubeconfig).await?).context("make a client of the cluster")
}

async fn config_of(kubeconfig: &Path) -> Result<Config> {
    let read = Kubeconfig::read_from(kubeconfig).with_context(|| format!("read {}", kubeconfig.display()))?;
    let mut config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default())
        .await
        .with_context(|| format!("understand {}", kubeconfig.display()))?;
    // It is on this machine; kube would take a proxy for others from the environment.
    config.proxy_url = None;
    config.connect_timeout = Some(Duration::from_secs(5));
    config.read_timeout = Some(Duration::from_secs(30));
    // Else the time for an answer counts from the last one: who asks after 29 idle seconds has one.
    config.reset_reader_on_write = true;
    Ok(config)
}
