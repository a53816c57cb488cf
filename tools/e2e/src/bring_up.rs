//! From nothing to a [`Testbed`]: the steps of [`plan::up`], each handing its value to the next.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::try_join_all;
use pipelines::{Runner, System};
use supply::needs::Group;
use tokio::sync::SetOnce;

use crate::{
    account::Account,
    admission, argocd,
    cluster::{self, Cluster, ClusterState},
    environment::Environment,
    first_release::{first_release, start_ci},
    harness::Harness,
    leftovers,
    network::Network,
    plan,
    progress::StepHandle,
    session::Session,
    state::{State, Up},
    teardown,
    testbed::Testbed,
    world::{self, World},
};

/// Doctor and supply: everything that is needed before anything is started.
pub(crate) async fn harness(session: &Session, admission: bool) -> Result<Arc<Harness>> {
    let account = Account::read(&session.run.repo)?;
    let options = supply::Options {
        mode: session.options.supply.into(),
        mirror: session.options.mirror.clone(),
        install: !session.options.no_install,
        admission,
    };
    let system = session.options.system();
    let (progress, logs) = (&session.progress, session.run.logs());
    progress
        .step(&plan::DOCTOR, async |step| {
            let (cache, options, step, logs) =
                (session.cache.clone(), options.clone(), step.clone(), logs.clone());
            blocking(move || {
                supply::doctor::run(&cache, &options, &step, &logs)?;
                match system {
                    System::Codebuild => Ok(()),
                    _ => supply::doctor::ready(
                        &[Group::Python, Group::Pipelines],
                        options.install,
                        &step,
                        &logs,
                    ),
                }
            })
            .await?;
            session.find_engine()
        })
        .await?;
    let engine = session
        .engine
        .get()
        .context("the doctor has just found an engine")?
        .clone();
    let cgroup_v1 = engine.on_cgroup_v1(&session.run.logs())?;
    if cgroup_v1 {
        progress.say(
            "this machine has cgroup v1, which Kubernetes is about to give up: the nodes run with failCgroupV1: false",
        );
    }
    let (parts, ci) = progress
        .step(&plan::SUPPLY, async |step| {
            let (cache, engine, step) = (session.cache.clone(), engine.clone(), step.clone());
            blocking(move || {
                let parts = supply::supply(&cache, &engine, &options, &step, &logs)?;
                Ok((
                    parts,
                    Runner::supply(system, &cache, options.install, &step, &logs)?,
                ))
            })
            .await
        })
        .await?;
    session.use_kubectl(parts.tools.kubectl.clone());
    // A connection of its own for each question: one that is kept would stay with a pod that is
    // ending.
    let http = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(20))
        .build()
        .context("make an HTTP client")?;
    Ok(Arc::new(Harness {
        run: session.run.clone(),
        engine,
        cgroup_v1,
        parts,
        ci,
        cache: session.cache.clone(),
        account,
        http,
    }))
}

/// Removes what an earlier run left, and makes the network.
async fn network(session: &Session, harness: &Harness) -> Result<Network> {
    let progress = &session.progress;
    progress
        .step(&plan::NETWORK, async |step| {
            let removed = teardown::remove(&harness.run, &harness.engine, &harness.cache, step).await?;
            if !removed.is_empty() {
                progress.say(&format!(
                    "removed what an earlier run left: {}",
                    removed.join(", ")
                ));
            }
            save(harness, None)?;
            session.touched.store(true, Ordering::SeqCst);
            Network::ensure(&harness.run, &harness.engine).await
        })
        .await
}

/// Brings up both clusters and nothing else, as far as their nodes find each other.
pub(crate) async fn clusters(session: &Session) -> Result<()> {
    let harness = harness(session, false).await?;
    let network = network(session, &harness).await?;
    let one = async |environment: Environment| {
        let create = async |step: &StepHandle| {
            let sites = cluster::sites()?;
            let nodes = cluster::nodes(&harness, &network, environment, &sites, step).await?;
            nodes.find_each_other(&harness).await
        };
        session.progress.step(&plan::of(environment).create, create).await
    };
    try_join_all(Environment::all().iter().copied().map(one)).await?;
    Ok(())
}

/// Brings everything up. What an earlier run left is removed first, whether it was killed or told
/// to keep it.
pub(crate) async fn up(session: &Session) -> Result<Testbed> {
    let harness = harness(session, session.options.admission).await?;
    let progress = &session.progress;
    let network = network(session, &harness).await?;

    // Each cluster needs the world for its Argo CD only.
    let world_is_up = SetOnce::new();
    let world_and_ci = async {
        let world = progress
            .step(&plan::WORLD, async |step| {
                let layout = session.options.layout.unwrap_or_default();
                world::bring_up(&harness, &network, layout, step).await
            })
            .await?;
        world_is_up
            .set(world.clone())
            .context("the world is brought up once")?;
        let ci = progress
            .step(&plan::FIRST_IMAGES, async |step| {
                first_release(step, &harness, &world).await
            })
            .await?;
        Ok((world, ci))
    };
    let one = |environment: Environment| {
        let steps = plan::of(environment);
        let (harness, network, world_is_up) = (&harness, &network, &world_is_up);
        async move {
            let cluster = progress
                .step(&steps.create, async |step| {
                    cluster::create(harness, network, environment, &cluster::sites()?, step).await
                })
                .await?;
            let world: &World = world_is_up.wait().await;
            let argocd = progress.step(&steps.argocd, async |step| {
                argocd::install(harness, &cluster, world, step).await
            });
            let admission = async {
                let Some(signing) = &world.signing else {
                    return Ok(());
                };
                let install =
                    async |step: &StepHandle| admission::install(harness, &cluster, signing, step).await;
                progress.step(&steps.admission, install).await
            };
            tokio::try_join!(Box::pin(argocd), Box::pin(admission))?;
            anyhow::Ok(cluster)
        }
    };
    let each = try_join_all(Environment::all().iter().copied().map(one));
    let ((world, ci), clusters) = tokio::try_join!(world_and_ci, each)?;

    let testbed = Testbed {
        harness,
        world,
        ci,
        clusters,
        rebuilt: Mutex::default(),
    };
    progress
        .step(&plan::ROOT, async |_| {
            let apply = testbed
                .clusters
                .iter()
                .map(|cluster| argocd::apply_root(&testbed, cluster));
            try_join_all(apply).await?;
            let up = Up {
                ci: session.options.system(),
                world: testbed.world.clone(),
                clusters: testbed.clusters.iter().map(Cluster::state).collect(),
            };
            save(&testbed.harness, Some(up))
        })
        .await?;
    Ok(testbed)
}

/// Connects to what `up` left running.
pub(crate) async fn attach(session: &Session) -> Result<Testbed> {
    let Some(up) = State::load(&session.cache)?.and_then(|state| state.up) else {
        bail!("nothing is up, or only a part of it; run `cargo xtask e2e up` first");
    };
    if let Some(asked) = session.options.layout
        && asked != up.world.layout
    {
        bail!("what is up has another layout; leave `--layout` out, or run `cargo xtask e2e down` first");
    }
    let harness = harness(session, up.world.signing.is_some()).await?;
    session
        .progress
        .step(&plan::ATTACH, async |step| {
            step.doing("connect to the clusters");
            let clusters = try_join_all(up.clusters.into_iter().map(Cluster::open)).await?;
            for &environment in Environment::all() {
                let is_up = clusters.iter().any(|cluster| cluster.environment == environment);
                ensure!(
                    is_up,
                    "{environment} is not up; run `cargo xtask e2e down`, then `up`"
                );
            }
            for cluster in &clusters {
                let answer = cluster.client.apiserver_version().await;
                answer.with_context(|| {
                    format!(
                        "cluster {} does not answer; remove it with `cargo xtask e2e down`",
                        cluster.name
                    )
                })?;
            }
            step.doing("start the CI");
            // The one in the background shares the checkout with it.
            leftovers::end_processes(&session.cache).await?;
            let ci = start_ci(&harness, &up.world).await?;
            Ok(Testbed {
                harness,
                world: up.world,
                ci,
                clusters,
                rebuilt: Mutex::default(),
            })
        })
        .await
}

/// Other commands find the cluster that was rebuilt.
pub(crate) fn remember(harness: &Harness, rebuilt: &Cluster) -> Result<()> {
    let state = State::load(&harness.cache)?;
    let mut state = state.context("what is up was forgotten")?;
    let up = state.up.as_mut().context("nothing is up")?;
    let same = |cluster: &&mut ClusterState| cluster.environment == rebuilt.environment;
    let known = up.clusters.iter_mut().find(same);
    *known.context("the cluster was not up")? = rebuilt.state();
    state.save(&harness.cache)
}

fn save(harness: &Harness, up: Option<Up>) -> Result<()> {
    let (run, folder) = (harness.run.id.clone(), harness.run.path.clone());
    State { run, folder, up }.save(&harness.cache)
}

/// Work of the supply, which knows no tokio.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .context("the thread of this step ended by itself")?
}
