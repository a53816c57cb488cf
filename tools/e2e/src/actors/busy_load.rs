//! As many requests as a few clients get answered one after the other: enough to keep servers busy,
//! and no more than they take. It ends by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use crate::environment::Environment;
use crate::run::Testbed;

/// Clients of each app; each waits for its answer before it asks again.
const CLIENTS: usize = 3;
/// The longest that it goes on.
const BOUND: Duration = Duration::from_mins(2);

/// A running load. Dropping it ends it.
pub(crate) struct BusyLoad {
    began: Instant,
    answered: Arc<AtomicUsize>,
    clients: JoinSet<()>,
}

impl BusyLoad {
    /// Starts asking both apps of an environment for their version: the table has no part in that.
    pub(crate) fn start(testbed: &Testbed, environment: Environment) -> Result<Self> {
        let cluster = testbed.cluster(environment);
        let (began, answered) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let mut clients = JoinSet::new();
        for site in [cluster.page(), cluster.api()] {
            for _ in 0..CLIENTS {
                // A connection of its own for each request, or all would go to one pod.
                let http = reqwest::Client::builder()
                    .no_proxy()
                    .pool_max_idle_per_host(0)
                    .timeout(Duration::from_secs(5))
                    .build()
                    .context("make an HTTP client")?;
                let url = format!("{site}{}", board_api::VERSION);
                let answered = Arc::clone(&answered);
                clients.spawn(async move {
                    while began.elapsed() < BOUND {
                        if http.get(&url).send().await.is_ok() {
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        }
        Ok(Self {
            began,
            answered,
            clients,
        })
    }

    /// Stops it, and says how much it was.
    pub(crate) fn stop(self) -> String {
        drop(self.clients);
        let answered = self.answered.load(Ordering::Relaxed);
        format!(
            "{answered} requests in {:.0} s",
            self.began.elapsed().as_secs_f64()
        )
    }
}
