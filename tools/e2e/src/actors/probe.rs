//! Probes all environments throughout a run, whichever scenario is running. It judges nothing:
//! what it saw is in the report.

use std::time::{Duration, Instant};

use e2e_report::Answer;
use tokio::task::JoinSet;

use super::sampler::ask;
use crate::environment::Environment;
use crate::report::recorder::Recorder;
use crate::run::Testbed;

/// Between two looks at one site.
const EVERY: Duration = Duration::from_millis(250);

/// Asks page and API of all environments for their version, until what it gives is dropped.
pub(crate) fn probe(recorder: &Recorder, testbed: &Testbed) -> JoinSet<()> {
    let mut probes = JoinSet::new();
    for &environment in Environment::all() {
        let cluster = testbed.cluster(environment);
        for (site, address) in [("page", cluster.page()), ("API", cluster.api())] {
            let url = format!("{address}{}", board_api::VERSION);
            let (recorder, http) = (recorder.clone(), testbed.harness.http.clone());
            probes.spawn(async move {
                let mut clock = tokio::time::interval(EVERY);
                // After a slow answer, go on at the usual pace.
                clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                loop {
                    clock.tick().await;
                    let asked = Instant::now();
                    let answer = match ask(&http, &url).await {
                        Ok(commit) => Answer::Version(commit),
                        Err(error) => Answer::Error(error),
                    };
                    recorder.answered(environment, site, asked, answer);
                }
            });
        }
    }
    probes
}
