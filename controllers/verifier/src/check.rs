//! Checks that a release may be given: whether a page answers, and how many requests have failed.
//! Any other container that ends with 0 where all is well is a check just as well
//! (docs/PROMOTION.md).

mod metrics;

use std::net::ToSocketAddrs as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use ureq::Agent;

use self::metrics::Requests;

const ANSWER: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at a release once, and fails where it is not as it should be.
#[derive(Debug, Parser)]
pub enum Check {
    /// Asks for a page, which has to answer with a status of success
    Smoke {
        /// The whole address
        url: String,
        /// What has to be in it
        #[arg(long)]
        contains: Option<String>,
        /// For how long it is asked again: the way of a new pod through the network is laid while
        /// it starts
        #[arg(long, default_value = "20", value_name = "SECONDS")]
        within: u64,
    },
    /// Reads the metrics of all pods of a Service, and counts which requests have failed since they
    /// started
    Errors {
        /// The whole address, of a Service without an address of its own
        url: String,
        /// The largest share of requests that may have failed
        #[arg(long, default_value = "0.01")]
        most: f64,
        /// The histogram of all requests
        #[arg(long, default_value = "http_server_request_duration_seconds")]
        metric: String,
        /// The label that has the status of the answer
        #[arg(long, default_value = "http_response_status_code")]
        label: String,
        /// For how long it is asked again
        #[arg(long, default_value = "20", value_name = "SECONDS")]
        within: u64,
    },
}

impl Check {
    /// What was found to be well.
    pub fn run(&self) -> Result<String> {
        let agent = Agent::config_builder()
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .new_agent();
        match self {
            Self::Smoke {
                url,
                contains,
                within,
            } => patiently(*within, || smoke(&agent, url, contains.as_deref())),
            Self::Errors {
                url,
                most,
                metric,
                label,
                within,
            } => {
                let counted = || all_requests(&agent, url, metric, label)?.counted(label);
                patiently(*within, counted)?.judged(*most)
            }
        }
    }
}

/// Tries again for so many seconds.
fn patiently<T>(seconds: u64, mut once: impl FnMut() -> Result<T>) -> Result<T> {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        match once() {
            Err(_) if Instant::now() + PAUSE < end => thread::sleep(PAUSE),
            done => return done,
        }
    }
}

fn page(agent: &Agent, url: &str) -> Result<String> {
    let mut answer = agent.get(url).call().with_context(|| format!("ask for {url}"))?;
    let status = answer.status();
    ensure!(status.is_success(), "{url} answers {status}");
    let text = answer.body_mut().read_to_string();
    text.with_context(|| format!("read {url}"))
}

fn smoke(agent: &Agent, url: &str, contains: Option<&str>) -> Result<String> {
    let text = page(agent, url)?;
    if let Some(part) = contains.filter(|part| !text.contains(part)) {
        bail!("{url} answers without {part:?}");
    }
    Ok(format!("{url} answers with {} bytes", text.len()))
}

/// The requests of all pods behind a name.
fn all_requests(agent: &Agent, url: &str, metric: &str, label: &str) -> Result<Requests> {
    let rest = url.strip_prefix("http://");
    let rest = rest.with_context(|| format!("{url}: expected an address that begins with http://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let pods = host.to_socket_addrs();
    let pods = pods.with_context(|| format!("find the pods of {host}; name its port too"))?;
    let mut all = Requests::default();
    for pod in pods {
        let text = page(agent, &format!("http://{pod}/{path}"))?;
        all.add(&text, metric, label);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
