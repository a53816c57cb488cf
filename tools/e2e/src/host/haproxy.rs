//! `HAProxy`, which stands in for load balancers of AWS, as a process that ends with its value.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use child_process::{Watched, log};
use haproxy_api::RuntimeApi;
use taskkit::packages::{self, HAPROXY};

/// Where it lies.
pub(crate) const PROGRAM: &str = HAPROXY.0;
const PATIENCE: Duration = Duration::from_secs(2);
const STARTED: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);

/// A running one; dropping it ends it.
pub(crate) struct HaProxy {
    pub(crate) api: RuntimeApi,
    _group: Watched,
}

/// An error with the next step where this machine has none.
pub(crate) fn is_installed() -> Result<()> {
    ensure!(
        Path::new(PROGRAM).is_file(),
        "{PROGRAM} is missing; install it with: sudo {}",
        packages::by_hand(HAPROXY.1)
    );
    Ok(())
}

impl HaProxy {
    /// Starts it with this configuration, by a command that has the program as its last word; until
    /// its run-time API answers at `socket`.
    pub(crate) fn start(
        command: &mut Command,
        configuration: &Path,
        socket: &Path,
        said: &Path,
    ) -> Result<Self> {
        let group = Watched::new()?;
        let out = log::open(said)?;
        let errors = out.try_clone().context("share a log")?;
        let started = group.adopt(command.args(["-db", "-f"]).arg(configuration));
        started
            .stdout(out)
            .stderr(errors)
            .spawn()
            .context("start HAProxy")?;
        let (haproxy, since) = (
            Self {
                api: RuntimeApi::at(socket.display().to_string(), PATIENCE),
                _group: group,
            },
            Instant::now(),
        );
        while let Err(error) = haproxy.api.ask("show info") {
            let tail = || format!("HAProxy does not start: {}", log::tail(said, 5));
            ensure!(since.elapsed() < STARTED, "{}: {error:#}", tail());
            std::thread::sleep(POLL);
        }
        Ok(haproxy)
    }
}
