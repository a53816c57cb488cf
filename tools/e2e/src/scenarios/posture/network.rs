//! The network policies at work: what pods can reach, and what they cannot.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Service;
use kube::Api;

use super::added::{self, METADATA, OUTSIDE};
use super::guests;
use super::inside::{Inside, Outcome};
use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::git::forge::FORGE;
use crate::platform::argocd::NAMESPACE as ARGOCD;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
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
/// A change of the policies, or a new pod, is known to every node by then.
const ENFORCED: Duration = Duration::from_secs(10);

const FRONTEND: &str = "app.kubernetes.io/name=frontend";
const BACKEND: &str = "app.kubernetes.io/name=backend,app.kubernetes.io/component=server";

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let cluster = testbed.first();
    // Before, for what a run left that was interrupted; after, also if it fails, for the next
    // scenario.
    added::clean_up(testbed, cluster, step).await?;
    let undo = added::undo(testbed, cluster)?;
    let outcome = Box::pin(only_what_policies_allow_connects(testbed, cluster, step)).await;
    let cleaned = added::clean_up(testbed, cluster, step).await;
    outcome.and(cleaned)?;
    undo.done();
    Ok(())
}

async fn only_what_policies_allow_connects(
    testbed: &Testbed,
    cluster: &Cluster,
    step: &StepHandle,
) -> Result<()> {
    added::answer(testbed, cluster).await?;
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
    added::control(cluster, true).await?;
    check.becomes(true, &foreigner, &backend.port(8080)).await?;
    check.becomes(true, &stranger, &backend.port(8080)).await?;
    check.reached(&stranger, &places.outside[0]).await?;
    added::control(cluster, false).await?;
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
