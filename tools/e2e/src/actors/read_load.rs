//! A steady read load: twenty-five requests a second to one environment, and a count of those that
//! fail.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::pace::Pace;
use super::sampler::with_causes;
use crate::environment::Environment;
use crate::report::recorder::Traffic;
use crate::run::{StepHandle, Testbed};
use crate::wait::{Verdict, eventually};

/// Between two requests. With twice as many, a node that is drained beside them has both cores
/// busy, and the emulator of AWS pauses for five seconds: then the load finds what it makes.
const EVERY: Duration = Duration::from_millis(40);
/// One of so many requests asks for the page itself.
const PAGES: usize = 10;
/// After that, a request has failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Fewer requests would prove little.
const FEWEST: usize = 100;
/// How long a load goes on for them after a scenario that was over sooner.
const LONGER: Duration = Duration::from_secs(20);
/// How many failures are shown in full.
const SHOWN: usize = 5;

/// A running load. Dropping it ends it.
pub(crate) struct ReadLoad {
    of: String,
    began: Instant,
    seen: Seen,
    asking: Pace,
}

type Seen = Arc<Mutex<Tally>>;

/// What was answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Requests that were answered, well or not.
    pub(crate) asked: usize,
    /// Those that got no answer, or one that says it failed.
    pub(crate) failed: Vec<String>,
}

impl ReadLoad {
    /// Starts the load: half of the requests over kept connections, half over a new one each. A few
    /// ask for the page itself, which needs the backend and the table, the others for a version.
    pub(crate) fn start(testbed: &Testbed, environment: Environment) -> Result<Self> {
        let cluster = testbed.cluster(environment);
        let sites = [cluster.page(), cluster.api()];
        Self::on(sites, environment.to_string(), EVERY, PAGES, None)
    }

    /// The same on the addresses of a page and of what shows versions beside it, of a name for the
    /// record, at another pace and with one request of so many for the page itself. Each answer is
    /// noted there too, if traffic moves between clusters.
    pub(crate) fn on(
        [page, other]: [&str; 2],
        of: String,
        every: Duration,
        pages: usize,
        traffic: Option<Traffic>,
    ) -> Result<Self> {
        let version = |site: &str| format!("{site}{}", board_api::VERSION);
        let urls = [version(page), version(other)];
        let page = format!("{page}/");
        let client = |kept| {
            reqwest::Client::builder()
                .no_proxy()
                .timeout(PATIENCE)
                .pool_max_idle_per_host(kept)
                .build()
        };
        let (keeping, closing) = (client(16)?, client(0)?);
        let (seen, began) = (Seen::default(), Instant::now());
        let tally = Arc::clone(&seen);
        let asking = Pace::start(every, move |number| {
            let url = if number % pages == 0 {
                &page
            } else {
                &urls[number % 2]
            };
            let http = if number % 4 < 2 { &keeping } else { &closing };
            let (request, url, tally) = (http.get(url), url.clone(), Arc::clone(&tally));
            ask(request, url, began, tally, traffic.clone())
        });
        Ok(Self {
            of,
            began,
            seen,
            asking,
        })
    }

    /// Stops the load once enough requests were made and the last one is answered or has timed out,
    /// and adds the counts to the step's record.
    pub(crate) async fn stop(self, step: &StepHandle) -> Result<Tally> {
        let asked = || self.seen.lock().unwrap_or_else(PoisonError::into_inner).asked;
        eventually(step, &format!("{FEWEST} requests"), LONGER, async || {
            Ok(match asked() {
                FEWEST.. => Verdict::Ready(()),
                asked => Verdict::Pending(format!("{asked} were made")),
            })
        })
        .await?;
        let seconds = self.began.elapsed().as_secs_f64();
        self.asking.stop().await.context("the steady load")?;
        let tally = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        step.requests(tally.asked, tally.failed.len());
        step.evidence(format!(
            "{} of {} requests to {} failed in {seconds:.0} s",
            tally.failed.len(),
            tally.asked,
            self.of,
        ));
        Ok(tally)
    }
}

async fn ask(
    request: reqwest::RequestBuilder,
    url: String,
    began: Instant,
    seen: Seen,
    traffic: Option<Traffic>,
) {
    let asked = began.elapsed();
    let answer = request.send().await.and_then(reqwest::Response::error_for_status);
    let read = match answer {
        Ok(answer) => answer.bytes().await.map(drop),
        Err(error) => Err(error),
    };
    if let Some(traffic) = traffic {
        traffic.answered(read.is_ok());
    }
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.asked += 1;
    if let Err(error) = read {
        let error = with_causes(error);
        seen.failed
            .push(format!("after {:.1} s {url}: {error}", asked.as_secs_f64()));
    }
}

impl Tally {
    /// Not more than `bound` of them failed, and enough were made for that to mean something.
    pub(crate) fn at_most(&self, bound: usize) -> Result<()> {
        let shown = &self.failed[..self.failed.len().min(SHOWN)];
        ensure!(
            self.failed.len() <= bound,
            "{} of {} requests failed, {bound} may: {}",
            self.failed.len(),
            self.asked,
            shown.join("; ")
        );
        ensure!(self.asked >= FEWEST, "only {} requests were made", self.asked);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_failure_than_allowed_is_too_many_and_no_requests_prove_nothing() {
        let tally = |asked, failed: usize| Tally {
            asked,
            failed: vec!["refused".to_owned(); failed],
        };
        assert!(tally(1000, 0).at_most(0).is_ok());
        assert!(tally(1000, 3).at_most(3).is_ok());
        assert!(
            tally(1000, 1)
                .at_most(0)
                .unwrap_err()
                .to_string()
                .contains("refused")
        );
        assert!(tally(0, 0).at_most(0).is_err());
    }
}
