//! Whether a cluster takes traffic, as its app says itself: a server on a schema older than it
//! needs is not ready.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use ureq::Agent;

use crate::fault::Fault;

const ANSWER: Duration = Duration::from_secs(5);
/// One refused connection is no answer of the app.
const ATTEMPTS: u32 = 3;
const AGAIN: Duration = Duration::from_millis(500);
const MOST: usize = 200;

/// An error unless the address of `target` answers with 200.
pub(crate) fn expect(addresses: &BTreeMap<String, String>, target: &str) -> Result<(), Fault> {
    let not_ready = |said| Fault::NotReady {
        target: target.to_owned(),
        said,
    };
    let address = addresses
        .get(target)
        .ok_or_else(|| not_ready("no address of it is declared".to_owned()))?;
    let mut said = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            thread::sleep(AGAIN);
        }
        match ask(address) {
            Ok(()) => return Ok(()),
            Err(reason) => said = reason,
        }
    }
    Err(not_ready(format!("{address}: {said}")))
}

fn ask(address: &str) -> Result<(), String> {
    let config = Agent::config_builder()
        .timeout_global(Some(ANSWER))
        .http_status_as_error(false);
    let agent: Agent = config.build().into();
    let mut answer = agent.get(address).call().map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    if status == 200 {
        return Ok(());
    }
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    let text: String = text.trim().chars().take(MOST).collect();
    Err(format!("{status} {text}"))
}
