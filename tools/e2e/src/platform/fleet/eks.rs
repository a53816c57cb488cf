//! EKS as moto has it, with the addresses of real clusters.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use child_process::{Watched, log};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use taskkit::missing::Missing;

use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::host::ports;
use crate::run::{Harness, StepHandle};
use crate::wait::{Verdict, eventually};
use crate::world::{World, iam_proxy};

const SERVER: &str = include_str!("../../../fixtures/eks.py");
const START: Duration = Duration::from_mins(1);
/// What makes a cluster a target.
const TARGET: &str = "gitops-loop/target";
/// What says which one; the hub's Secret of the cluster has a label of that name.
pub(super) const ENVIRONMENT: &str = "gitops-loop/environment";

/// How the list of clusters goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum List {
    /// As it should.
    Right,
    /// It is refused.
    Fails,
    /// It has nothing in it.
    IsEmpty,
}

/// The emulator; dropping it ends it.
pub(crate) struct Eks {
    place: String,
    /// What has told the IAM proxy of it.
    opened: Option<PathBuf>,
    region: String,
    account: String,
    http: Client,
    told: PathBuf,
    addresses: Value,
    group: Watched,
}

impl Eks {
    /// Starts it, without any cluster, on an address of this machine that containers reach.
    pub(super) async fn start(
        harness: &Harness,
        world: &World,
        clusters: &[&Cluster],
        step: &StepHandle,
    ) -> Result<Self> {
        step.doing("get the emulator of EKS");
        let folder = modules(harness, step).await?;
        let (host, port) = (&world.forge.host_ip_for_containers, ports::free(1)?[0]);
        let (script, told, log) = (
            harness.run.file("eks.py"),
            harness.run.file("eks.json"),
            harness.run.log("eks"),
        );
        fs::write(&script, SERVER).with_context(|| format!("write {}", script.display()))?;
        let account = harness
            .account
            .registry
            .split('.')
            .next()
            .unwrap_or_default()
            .to_owned();
        let eks = Self {
            place: format!("{host}:{port}"),
            opened: None,
            region: harness.account.region.clone(),
            account: account.clone(),
            http: harness.http.clone(),
            told,
            addresses: addresses(clusters).await?,
            group: Watched::new()?,
        };
        eks.list(List::Right)?;
        let mut moto = Command::new("python3");
        moto.arg(&script)
            .arg(&eks.told)
            .args(["--host", host, "--port", &port.to_string()])
            .env("PYTHONPATH", folder)
            .env("MOTO_ACCOUNT_ID", account);
        start(&eks.group, &mut moto, &log)?;
        eventually(step, "the emulator of EKS", START, async || {
            let answer = eks.ask(Method::GET, "/clusters", &Value::Null).await;
            answer
                .map(|_| Verdict::Ready(()))
                .with_context(|| log::tail(&log, 5))
        })
        .await?;
        Ok(eks)
    }

    /// From now on the IAM proxy passes on to it what a role may ask.
    pub(super) fn open(&mut self, harness: &Harness) -> Result<()> {
        self.opened = Some(iam_proxy::pass_to_eks(harness, &self.place)?);
        Ok(())
    }

    /// Makes a cluster, tagged as a target for its environment.
    pub(crate) async fn create(&self, cluster: &Cluster) -> Result<()> {
        let body = json!({
            "name": cluster.name,
            "roleArn": format!("arn:aws:iam::{}:role/cluster", self.account),
            "resourcesVpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]},
            "tags": tags(cluster.environment),
        });
        self.ask(Method::POST, "/clusters", &body).await.map(drop)
    }

    /// Deletes a cluster, as far as EKS knows it.
    pub(crate) async fn delete(&self, cluster: &Cluster) -> Result<()> {
        let path = format!("/clusters/{}", cluster.name);
        self.ask(Method::DELETE, &path, &Value::Null).await.map(drop)
    }

    /// Whether it has a cluster of this name.
    pub(crate) async fn knows(&self, cluster: &Cluster) -> Result<bool> {
        let listed = self.ask(Method::GET, "/clusters", &Value::Null).await?;
        let names = listed["clusters"].as_array();
        let names = names.context("EKS lists no clusters")?;
        Ok(names
            .iter()
            .any(|name| name.as_str() == Some(cluster.name.as_str())))
    }

    /// Says with the tag that it is a target, or that it is none.
    pub(crate) async fn tag(&self, cluster: &Cluster, is_target: bool) -> Result<()> {
        let mut tags = tags(cluster.environment);
        tags[TARGET] = json!(is_target.to_string());
        self.set_tags(cluster, tags).await
    }

    /// Says with the tag which environment it is of.
    pub(crate) async fn tag_as(&self, cluster: &Cluster, environment: Environment) -> Result<()> {
        self.set_tags(cluster, tags(environment)).await
    }

    async fn set_tags(&self, cluster: &Cluster, tags: Value) -> Result<()> {
        let body = json!({ "tags": tags });
        self.ask(Method::POST, &self.path_of_tags(cluster), &body)
            .await
            .map(drop)
    }

    /// Loses both tags.
    pub(crate) async fn untag(&self, cluster: &Cluster) -> Result<()> {
        for tag in [TARGET, ENVIRONMENT] {
            let path = format!("{}?tagKeys={}", self.path_of_tags(cluster), escaped(tag));
            self.ask(Method::DELETE, &path, &Value::Null).await?;
        }
        Ok(())
    }

    /// From now on the list goes like this.
    pub(crate) fn list(&self, how: List) -> Result<()> {
        let how = match how {
            List::Right => "right",
            List::Fails => "fails",
            List::IsEmpty => "is-empty",
        };
        let told = json!({"clusters": self.addresses, "list": how}).to_string();
        // Whole, whenever it is read.
        let new = self.told.with_extension("new");
        fs::write(&new, told).with_context(|| format!("write {}", new.display()))?;
        fs::rename(&new, &self.told).with_context(|| format!("write {}", self.told.display()))
    }

    fn path_of_tags(&self, cluster: &Cluster) -> String {
        let (region, account, name) = (&self.region, &self.account, &cluster.name);
        let arn = format!("arn:aws:eks:{region}:{account}:cluster/{name}");
        format!("/tags/{}", escaped(&arn))
    }

    /// Asks as a client of AWS does. Whose signature it is tells the emulator which service is
    /// meant; it is not checked.
    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let scope = format!("test/20260101/{}/eks/aws4_request", self.region);
        let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let url = format!("http://{}{path}", self.place);
        let what = format!("{method} {url}");
        let mut request = self.http.request(method, url).header("Authorization", signature);
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| what.clone())?;
        let status = answer.status();
        let text = answer.text().await.with_context(|| what.clone())?;
        ensure!(status.is_success(), "{what}: {status}: {text}");
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}

/// Whoever asks from now on hears that there is none, and nobody else who has its port later.
impl Drop for Eks {
    fn drop(&mut self) {
        if let Some(told) = self.opened.take() {
            let _ = fs::remove_file(told);
        }
    }
}

fn tags(environment: Environment) -> Value {
    json!({TARGET: "true", ENVIRONMENT: environment})
}

async fn addresses(clusters: &[&Cluster]) -> Result<Value> {
    let mut addresses = json!({});
    for cluster in clusters {
        let (authority, _) = cluster.access()?;
        let endpoint = cluster.endpoint().await?;
        addresses[&cluster.name] = json!({"endpoint": endpoint, "certificate_authority": authority});
    }
    Ok(addresses)
}

/// moto's modules, which the tests of the templates use too.
async fn modules(harness: &Harness, step: &StepHandle) -> Result<PathBuf> {
    let (cache, step, logs) = (harness.cache.clone(), step.clone(), harness.run.logs());
    let get = move || {
        supply::cloud(supply::Session {
            cache: &cache,
            missing: Missing::Install,
            progress: &step,
            logs: &logs,
        })
    };
    tokio::task::spawn_blocking(get)
        .await
        .context("the thread that gets the emulator ended by itself")?
}

/// Starts a process that ends with `group`; what it says is added to `log`.
fn start(group: &Watched, command: &mut Command, log: &Path) -> Result<()> {
    let out = fs::OpenOptions::new().create(true).append(true).open(log);
    let out = out.with_context(|| format!("write {}", log.display()))?;
    let errors = out.try_clone().context("share a log")?;
    let program = command.get_program().to_owned();
    let child = group.adopt(command).stdout(out).stderr(errors).spawn();
    child
        .map(drop)
        .with_context(|| format!("start {}", program.display()))
}

fn escaped(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}
