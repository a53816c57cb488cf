//! The network policies at work: what pods can reach, and what they cannot.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;

use super::guests;
use super::inside::{Inside, Outcome};
use crate::argocd::NAMESPACE as ARGOCD;
use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::forge::FORGE;
use crate::progress::StepHandle;
use crate::scenario::{Scenario, Suite};
use crate::step::Step;
use crate::testbed::Testbed;
use crate::wait::{Verdict, eventually};
use crate::world::{AWS, IAM_PROXY, IAM_PROXY_PORT};

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("network-policies", "pods reach only what policies allow", 360),
    suite: Suite::Posture,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

/// A namespace without any policy.
const ELSEWHERE: &str = "posture-elsewhere";
/// Where Prometheus would run.
const MONITORING: &str = "monitoring";
/// Stands in for the world outside: an address that no policy names, on each node.
const OUTSIDE: &str = "192.0.2.10";
/// Where a machine in a cloud asks for its own rights.
const METADATA: &str = "169.254.169.254";
/// The rule that lets strangers through, as long as it is there.
const CONTROL: &str = "posture-control";
/// A change of the policies, or a new pod, is known to every node by then.
const ENFORCED: Duration = Duration::from_secs(10);

const FRONTEND: &str = "app.kubernetes.io/name=frontend";
const BACKEND: &str = "app.kubernetes.io/name=backend,app.kubernetes.io/component=server";

/// `$1` and `$2` are addresses that from now on are this node's, and answer on ports 80 and 443;
/// for two minutes.
const ANSWER: &str = r#"
set -eu
for address in "$1" "$2"; do
    ip address replace "$address/32" dev lo
    for port in 80 443; do
        timeout 120 socat "TCP-LISTEN:$port,bind=$address,fork,reuseaddr" \
            SYSTEM:'printf "HTTP/1.0 204 Here\r\n\r\n"' > /dev/null 2>&1 < /dev/null &
        echo $! >> /run/posture.pids
    done
done
"#;

const SILENCE: &str = r#"
kill $(cat /run/posture.pids) 2> /dev/null
rm -f /run/posture.pids
for address in "$1" "$2"; do
    ip address delete "$address/32" dev lo 2> /dev/null
done
true
"#;

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let cluster = testbed.first();
    // Before, for what a run left that was interrupted; after, also if it fails, for the next
    // scenario.
    clean_up(testbed, cluster, step).await?;
    let outcome = Box::pin(only_what_policies_allow_connects(testbed, cluster, step)).await;
    let cleaned = clean_up(testbed, cluster, step).await;
    outcome.and(cleaned)
}

async fn clean_up(testbed: &Testbed, cluster: &Cluster, step: &StepHandle) -> Result<()> {
    control(cluster, false).await?;
    on_every_node(testbed, cluster, SILENCE).await?;
    guests::remove(cluster, &[NAMESPACE], step).await
}

async fn only_what_policies_allow_connects(
    testbed: &Testbed,
    cluster: &Cluster,
    step: &StepHandle,
) -> Result<()> {
    on_every_node(testbed, cluster, ANSWER).await?;
    let places = Places::find(cluster).await?;
    let (frontend, backend) = (&places.frontend, &places.backend);
    for namespace in [ELSEWHERE, MONITORING] {
        guests::namespace(cluster, namespace).await?;
    }
    let stranger = guests::start(cluster, NAMESPACE, "stranger", step);
    let foreigner = guests::start(cluster, ELSEWHERE, "foreigner", step);
    let prometheus = guests::start(cluster, MONITORING, "prometheus", step);
    let (stranger, foreigner, prometheus) = tokio::try_join!(stranger, foreigner, prometheus)?;
    let (stranger, foreigner, prometheus) = (
        Inside::of(&stranger)?,
        Inside::of(&foreigner)?,
        Inside::of(&prometheus)?,
    );
    let check = Checks {
        testbed,
        cluster,
        step,
    };

    let since = Instant::now();
    check.becomes(false, &stranger, &backend.port(8080)).await?;
    step.measured("new pod fenced in", since.elapsed().as_secs_f64());

    step.doing("what the application needs");
    check.reached(frontend, "http://backend/healthz").await?;
    check
        .reached(backend, &format!("http://{IAM_PROXY}:{IAM_PROXY_PORT}"))
        .await?;
    check.reached(backend, &format!("http://{OUTSIDE}:443")).await?;
    check.reached(&foreigner, &frontend.port(8080)).await?;
    check.reached(&prometheus, &foreigner.port(8080)).await?;
    check.becomes(true, &prometheus, &backend.port(9090)).await?;
    check.reached(&prometheus, &frontend.port(9090)).await?;

    step.doing("what a pod that was taken over would try");
    for from in [frontend, backend] {
        for url in &places.outside {
            check.refused(from, url).await?;
        }
        check.refused(from, &format!("http://{METADATA}:80")).await?;
        check.refused(from, &format!("http://{METADATA}:443")).await?;
        check.refused(from, &foreigner.port(8080)).await?;
    }
    // Past the proxy, the emulator believes everybody.
    for from in [frontend, backend] {
        check.refused(from, &format!("http://{AWS}:4566")).await?;
    }
    check
        .refused(frontend, &format!("http://{IAM_PROXY}:{IAM_PROXY_PORT}"))
        .await?;
    check.refused(frontend, &backend.port(9090)).await?;
    check.refused(backend, &frontend.port(8080)).await?;

    step.doing("what other pods would try");
    for url in [backend.port(8080), backend.port(9090), frontend.port(8080)] {
        check.refused(&stranger, &url).await?;
    }
    check.refused(&foreigner, &stranger.port(8080)).await?;
    check.refused(&stranger, &places.outside[0]).await?;
    for url in [backend.port(8080), backend.port(9090), frontend.port(9090)] {
        check.refused(&foreigner, &url).await?;
    }
    check.refused(&prometheus, &backend.port(8080)).await?;
    check.refused(&foreigner, &places.redis.port(6379)).await?;
    check
        .reached(&places.repo_server, &places.redis.port(6379))
        .await?;

    step.doing("the same, where a policy lets it through");
    for url in &places.outside {
        check.reached(&foreigner, url).await?;
    }
    check
        .reached(&foreigner, &format!("http://{METADATA}:443"))
        .await?;
    control(cluster, true).await?;
    check.becomes(true, &foreigner, &backend.port(8080)).await?;
    check.becomes(true, &stranger, &backend.port(8080)).await?;
    check.reached(&stranger, &places.outside[0]).await?;
    control(cluster, false).await?;
    check.becomes(false, &foreigner, &backend.port(8080)).await?;
    check.becomes(false, &stranger, &backend.port(8080)).await
}

impl Inside {
    fn port(&self, port: u16) -> String {
        format!("http://{}:{port}", self.address)
    }
}

/// Who is there already, and what none of them has any business with.
struct Places {
    frontend: Inside,
    backend: Inside,
    redis: Inside,
    repo_server: Inside,
    outside: Vec<String>,
}

impl Places {
    async fn find(cluster: &Cluster) -> Result<Self> {
        let services: Api<Service> = Api::namespaced(cluster.client.clone(), "default");
        let service = services.get("kubernetes").await.context("find the API server")?;
        let service = service.spec.and_then(|spec| spec.cluster_ip);
        let service = service.context("the API server's service has no address")?;
        Ok(Self {
            frontend: Inside::any(cluster, NAMESPACE, FRONTEND).await?,
            backend: Inside::any(cluster, NAMESPACE, BACKEND).await?,
            redis: Inside::any(cluster, ARGOCD, "app.kubernetes.io/name=argocd-redis").await?,
            repo_server: Inside::any(cluster, ARGOCD, "app.kubernetes.io/name=argocd-repo-server").await?,
            outside: vec![
                format!("http://{FORGE}:3000"),
                format!("http://{OUTSIDE}:80"),
                format!("https://{service}:443"),
                format!("https://{}:6443", cluster.environment.control_plane()),
            ],
        })
    }
}

/// Connections that are tried, and noted.
struct Checks<'a> {
    testbed: &'a Testbed,
    cluster: &'a Cluster,
    step: &'a StepHandle,
}

impl Checks<'_> {
    async fn reached(&self, from: &Inside, url: &str) -> Result<()> {
        match from.connect(self.testbed, self.cluster, url).await? {
            Outcome::Connected => {
                self.step.evidence(format!("{} reaches {url}", from.name));
                Ok(())
            }
            refused @ Outcome::Refused(_) => bail!("{} to {url}: {refused}", from.name),
        }
    }

    async fn refused(&self, from: &Inside, url: &str) -> Result<()> {
        let outcome = from.connect(self.testbed, self.cluster, url).await?;
        ensure!(outcome != Outcome::Connected, "{} to {url}: {outcome}", from.name);
        self.step.evidence(format!("{} does not reach {url}", from.name));
        Ok(())
    }

    /// For what has just changed: every node has to learn it.
    async fn becomes(&self, reached: bool, from: &Inside, url: &str) -> Result<()> {
        let what = format!("{} to {url}", from.name);
        eventually(self.step, &what, ENFORCED, async || {
            let outcome = from.connect(self.testbed, self.cluster, url).await?;
            Ok(if (outcome == Outcome::Connected) == reached {
                Verdict::Ready(())
            } else {
                Verdict::Pending(outcome.to_string())
            })
        })
        .await?;
        let word = if reached { "reaches" } else { "does not reach" };
        self.step.evidence(format!("{} now {word} {url}", from.name));
        Ok(())
    }
}

/// Lets everybody talk to everybody in the application's namespace, or no longer.
async fn control(cluster: &Cluster, open: bool) -> Result<()> {
    let policies: Api<NetworkPolicy> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    if open {
        let policy = json!({
            "metadata": { "name": CONTROL },
            "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{}],
                "egress": [{}],
            },
        });
        let policy = serde_json::from_value(policy).context("describe a policy")?;
        policies
            .create(&PostParams::default(), &policy)
            .await
            .context("make a policy that lets everything through")?;
    } else if policies
        .get_opt(CONTROL)
        .await
        .context("look for our policy")?
        .is_some()
    {
        policies
            .delete(CONTROL, &DeleteParams::default())
            .await
            .context("delete our policy")?;
    }
    Ok(())
}

async fn on_every_node(testbed: &Testbed, cluster: &Cluster, script: &str) -> Result<()> {
    for node in cluster.environment.nodes() {
        cluster
            .on_node(&testbed.harness, &node, script, &[OUTSIDE, METADATA])
            .await
            .with_context(|| format!("make {node} answer for others"))?;
    }
    Ok(())
}
