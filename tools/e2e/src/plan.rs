//! Every step of a run, in order, with the time it may take. The one page to read to know what a
//! run does.

use std::sync::LazyLock;
use std::time::Duration;

use crate::environment::Environment;

/// One line of the progress and of the report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Stable; keys of timings and reports.
    pub(crate) id: &'static str,
    /// What a reader sees.
    pub(crate) title: &'static str,
    /// When this much time has passed, the step has failed.
    pub(crate) budget: Duration,
}

impl Step {
    pub(crate) const fn new(id: &'static str, title: &'static str, seconds: u64) -> Self {
        Self {
            id,
            title,
            budget: Duration::from_secs(seconds),
        }
    }
}

pub(crate) static DOCTOR: Step = Step::new("doctor", "what this machine needs", 300);
pub(crate) static SUPPLY: Step = Step::new("supply", "tools and images", 2400);
pub(crate) static NETWORK: Step = Step::new("network", "leftovers, network", 120);
pub(crate) static WORLD: Step = Step::new("world", "forge and AWS", 180);
pub(crate) static FIRST_IMAGES: Step = Step::new("first-images", "first images by CI", 1800);
pub(crate) static ROOT: Step = Step::new("root", "root applications", 60);
pub(crate) static ATTACH: Step = Step::new("attach", "connect to what is up", 60);
pub(crate) static HEAL: Step = Step::new("heal", "undo what a failed scenario left", 180);
pub(crate) static BENCH: Step = Step::new("bench", "merge to live, measured", 7200);
pub(crate) static DOWN: Step = Step::new("down", "remove it all", 120);

/// The steps of one environment, each after the one before; only the world has to be there for the
/// second.
pub(crate) struct OfCluster {
    environment: Environment,
    pub(crate) create: Step,
    pub(crate) argocd: Step,
    pub(crate) admission: Step,
}

impl OfCluster {
    fn new(environment: Environment) -> Self {
        // As long as the program, as the other steps.
        let step = |id: &str, title: &str, seconds| {
            Step::new(
                format!("{id}-{environment}").leak(),
                format!("{title} {environment}").leak(),
                seconds,
            )
        };
        Self {
            environment,
            create: step("cluster", "cluster", 240),
            argocd: step("argocd", "Argo CD", 300),
            admission: step("admission", "admission of images", 240),
        }
    }
}

static CLUSTERS: LazyLock<Vec<OfCluster>> =
    LazyLock::new(|| Environment::all().iter().copied().map(OfCluster::new).collect());

/// The steps of an environment's cluster.
pub(crate) fn of(environment: Environment) -> &'static OfCluster {
    let steps = CLUSTERS.iter().find(|steps| steps.environment == environment);
    steps.expect("each environment has steps")
}

/// What `up` does. Steps of one inner list run side by side; a cluster goes on to its Argo CD
/// without waiting for the others, and the CI builds while the clusters start. The admission
/// controller is installed if it was asked for.
pub(crate) fn up(admission: bool) -> Vec<Vec<&'static Step>> {
    let mut together: Vec<_> = CLUSTERS.iter().map(|steps| &steps.create).collect();
    together.extend([&WORLD, &FIRST_IMAGES]);
    together.extend(CLUSTERS.iter().map(|steps| &steps.argocd));
    together.extend(
        CLUSTERS
            .iter()
            .filter(|_| admission)
            .map(|steps| &steps.admission),
    );
    vec![
        vec![&DOCTOR],
        vec![&SUPPLY],
        vec![&NETWORK],
        together,
        vec![&ROOT],
    ]
}
