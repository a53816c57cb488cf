//! A cluster that has its first share of the traffic answers errors, and later not at all: each
//! time it is out before many have noticed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use xshell::Shell;

use super::balancer::Balancer;
use super::kept::live;
use super::pair::Pair;
use crate::cluster::Cluster;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::paused::Paused;
use crate::scenarios::undo::Undo;

/// The first step is held for longer than the cluster does well.
const STEPS: [&str; 4] = ["--steps", "5,100", "--hold", "60s"];
/// How long it does well, and how long it is looked at afterwards.
const WELL: Duration = Duration::from_secs(20);
const AFTER: Duration = Duration::from_secs(20);
/// From the last good answer until it gets no more requests, in seconds.
const OUT: f64 = 30.0;
/// Lets no server of the page reach its backend any more (`-I`), or again (`-D`). The rule is in
/// the network of the pod and ends with it, so there may be none to delete (`-C` looks).
const BACKEND: &str = "rule() { nsenter --target $pid --net iptables -w \"$1\" OUTPUT -p tcp --dport 80 \
    -j REJECT --reject-with tcp-reset; }; \
    for pid in $(pgrep -x frontend); do \
    [ \"$1\" = -I ] || rule -C || continue; rule \"$1\" || exit 1; done";

/// What is wrong with a cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Its page has lost the backend. Who asks for the page is told so, as a third do; the app says
    /// that it is ready.
    Errors,
    /// Its nodes stand still.
    Hangs,
}

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new(
        "cluster-bad",
        "a cluster fails, and then hangs, as traffic moves to it",
        480,
    ),
    suite: Suite::Clusters,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let pair = Pair::begin(testbed, step).await?;
    let balancer = Balancer::start(testbed, step, &pair).await?;
    for trouble in [Trouble::Errors, Trouble::Hangs] {
        let out = taken_out(testbed, step, (&balancer, pair.green), trouble).await;
        out.with_context(|| format!("a cluster that {}", trouble.does()))?;
    }
    live(testbed, step, pair.green).await?;
    pair.end().await
}

/// The command moves traffic to the cluster, which does well at first, and takes it back.
async fn taken_out(
    testbed: &Testbed,
    step: &StepHandle,
    (balancer, green): (&Balancer<'_>, &Cluster),
    trouble: Trouble,
) -> Result<()> {
    let load = balancer.visited(trouble.pages())?;
    let bad = async {
        balancer.gives_green(step, 5).await?;
        tokio::time::sleep(WELL).await;
        let since = Instant::now();
        let in_force = InForce::begin(testbed, green, trouble).await?;
        balancer.gives_green(step, 0).await?;
        let out = since.elapsed().as_secs_f64();
        step.measured(&format!("{} to out", trouble.does()), out);
        ensure!(out <= OUT, "it was out after {out:.1} s, {OUT} are allowed");
        tokio::time::sleep(AFTER).await;
        in_force.end().await
    };
    let (shifted, looked) = tokio::join!(balancer.shift("green", &STEPS), bad);
    looked?;
    let said = match shifted {
        Ok(said) => bail!("it was given the traffic: {said}"),
        Err(error) => format!("{error:#}"),
    };
    // The end of the log may have what an earlier one has said.
    let (_, said) = said.rsplit_once("$ ").unwrap_or(("", said.as_str()));
    let named = trouble == Trouble::Hangs || !said.contains("requests 0 failed");
    ensure!(
        said.contains("green does badly") && named,
        "shift says something else: {said}"
    );
    let tally = load.stop(step).await?;
    ensure!(
        !tally.failed.is_empty(),
        "nobody saw it, so nothing was proven: {said}"
    );
    tally
        .at_most(tally.asked / 100)
        .context("one of a hundred answers may be bad")
}

impl Trouble {
    /// For the record.
    fn does(self) -> &'static str {
        match self {
            Self::Errors => "fails",
            Self::Hangs => "hangs",
        }
    }

    /// One request of so many asks for the page itself. By threes each kind of request is among
    /// those that a twentieth of the traffic is.
    fn pages(self) -> usize {
        match self {
            Self::Errors => 3,
            Self::Hangs => 10,
        }
    }
}

/// What is wrong, until this is ended or dropped.
enum InForce<'a> {
    Errors(Severed<'a>),
    Hangs(Paused<'a>),
}

impl<'a> InForce<'a> {
    async fn begin(testbed: &'a Testbed, cluster: &'a Cluster, trouble: Trouble) -> Result<Self> {
        Ok(match trouble {
            Trouble::Errors => Self::Errors(Severed::from_backend(testbed, cluster).await?),
            Trouble::Hangs => {
                let nodes = cluster.environment.nodes();
                Self::Hangs(Paused::containers(&testbed.harness, nodes).await?)
            }
        })
    }

    async fn end(self) -> Result<()> {
        match self {
            Self::Errors(severed) => severed.end().await,
            Self::Hangs(paused) => paused.end().await,
        }
    }
}

/// Servers of the page that do not reach their backend.
struct Severed<'a> {
    testbed: &'a Testbed,
    cluster: &'a Cluster,
    undo: Undo,
}

impl<'a> Severed<'a> {
    async fn from_backend(testbed: &'a Testbed, cluster: &'a Cluster) -> Result<Self> {
        let shell = Shell::new().context("open a shell")?;
        let nodes = cluster.environment.nodes();
        let mend = |node: &String| {
            let words = ["exec", node, "sh", "-c", BACKEND, "sh", "-D"];
            testbed.harness.engine.command(&shell, words)
        };
        let severed = Self {
            testbed,
            cluster,
            undo: Undo::by(nodes.iter().map(mend)),
        };
        backend(testbed, cluster, "-I").await?;
        Ok(severed)
    }

    async fn end(self) -> Result<()> {
        backend(self.testbed, self.cluster, "-D").await?;
        self.undo.done();
        Ok(())
    }
}

async fn backend(testbed: &Testbed, cluster: &Cluster, change: &str) -> Result<()> {
    for node in cluster.environment.nodes() {
        cluster
            .on_node(&testbed.harness, &node, BACKEND, &[change])
            .await
            .with_context(|| format!("change the network of the page on {node}"))?;
    }
    Ok(())
}
