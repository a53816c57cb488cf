//! Every step of a run, in order, with the time it may take. The one page to read to know what a
//! run does.

use std::time::Duration;

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
pub(crate) static STAGING: Step = Step::new("cluster-staging", "cluster staging", 240);
pub(crate) static PRODUCTION: Step = Step::new("cluster-production", "cluster production", 240);
pub(crate) static WORLD: Step = Step::new("world", "forge and AWS", 180);
pub(crate) static ARGOCD_STAGING: Step = Step::new("argocd-staging", "Argo CD staging", 300);
pub(crate) static ARGOCD_PRODUCTION: Step = Step::new("argocd-production", "Argo CD production", 300);
pub(crate) static ADMISSION_STAGING: Step =
    Step::new("admission-staging", "admission of images staging", 240);
pub(crate) static ADMISSION_PRODUCTION: Step =
    Step::new("admission-production", "admission of images production", 240);
pub(crate) static FIRST_IMAGES: Step = Step::new("first-images", "first images by CI", 1800);
pub(crate) static ROOT: Step = Step::new("root", "root applications", 60);
pub(crate) static ATTACH: Step = Step::new("attach", "connect to what is up", 60);
pub(crate) static HEAL: Step = Step::new("heal", "undo what a failed scenario left", 180);
pub(crate) static BENCH: Step = Step::new("bench", "merge to live, measured", 7200);
pub(crate) static DOWN: Step = Step::new("down", "remove it all", 120);

/// What `up` does. Steps of one inner list run side by side; a cluster goes on to its Argo CD
/// without waiting for the other one, and the CI builds while the clusters start.
static UP: [&[&Step]; 5] = [
    &[&DOCTOR],
    &[&SUPPLY],
    &[&NETWORK],
    &[
        &STAGING,
        &PRODUCTION,
        &WORLD,
        &FIRST_IMAGES,
        &ARGOCD_STAGING,
        &ARGOCD_PRODUCTION,
        &ADMISSION_STAGING,
        &ADMISSION_PRODUCTION,
    ],
    &[&ROOT],
];

/// The steps of [`UP`], with those that install the admission controller if it was asked for.
pub(crate) fn up(admission: bool) -> Vec<Vec<&'static Step>> {
    let asked_for = |step: &Step| admission || ![&ADMISSION_STAGING, &ADMISSION_PRODUCTION].contains(&step);
    let wanted = |steps: &&[&'static Step]| steps.iter().copied().filter(|step| asked_for(step)).collect();
    UP.iter().map(wanted).collect()
}
