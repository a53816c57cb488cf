//! CI while no command runs: what stays up goes on building what a person pushes to its forge.
//!
//! It is a process of its own that carries the mark of the command that started it. So it is one
//! that a run which is over has left, and `down`, the next bring-up and whoever brings a CI of its
//! own end it like any other.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::{
    cli::options::Options,
    host::interrupt::Interrupt,
    run::{
        Session, bring_up,
        first_release::start_ci,
        leftovers,
        progress::{History, Progress},
        run_dir::RunDir,
        saved_state::State,
    },
};

use supply::cache::Cache;

/// What the other process says once the forge calls it.
const READY: &str = "ready";
const READY_WITHIN: Duration = Duration::from_mins(3);

/// Starts it in the place of the one that an earlier command has left, and waits until the forge
/// tells it of pushes.
pub(crate) async fn start(session: &Session) -> Result<()> {
    // Two would share checkout and ledger.
    leftovers::end_processes(&session.cache).await?;
    let log = session.run.log("ci-service");
    let file = fs::File::create(&log).with_context(|| format!("create {}", log.display()))?;
    let mut command = std::process::Command::new("/proc/self/exe");
    command
        .arg("ci-service")
        .args(arguments(&session.options))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file)
        // A Ctrl-C in the terminal is for what runs there.
        .process_group(0);
    let mut child = tokio::process::Command::from(command)
        .spawn()
        .context("start the CI in the background")?;
    let said = child.stdout.take().context("stdout is piped")?;
    let mut lines = BufReader::new(said).lines();
    let Ok(line) = tokio::time::timeout(READY_WITHIN, lines.next_line()).await else {
        child.kill().await.context("end the CI in the background")?;
        bail!(
            "the CI in the background is not ready within {} s; log: {}",
            READY_WITHIN.as_secs(),
            log.display()
        );
    };
    let line = line.context("read what the CI in the background says")?;
    ensure!(
        line.as_deref() == Some(READY),
        "the CI in the background has ended; log: {}",
        log.display()
    );
    Ok(())
}

/// The other process: carries out what is pushed, until it is asked to end.
pub(crate) async fn serve(options: Options) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let cache = Cache::locate()?;
    let state = State::load(&cache)?.context("nothing is up")?;
    let up = state.up.context("only a part is up")?;
    let run = RunDir::open(&state.run, &state.folder)?;
    let progress = Progress::new(bring_up::preparation().len(), History::new());
    let session = Session::new(run, cache, progress, options.going_on(up.ci));
    let building = async {
        let harness = bring_up::harness(&session, up.world.signing.is_some()).await?;
        let _ci = start_ci(&harness, &up.world, up.hub()).await?;
        writeln!(io::stdout(), "{READY}").context("say that the CI is ready")?;
        std::future::pending().await
    };
    Box::pin(interrupt.bound(building)).await
}

/// The options by which the parts are found that the command has found.
fn arguments(options: &Options) -> Vec<String> {
    let supply = options.supply.to_possible_value();
    let supply = supply.map(|value| value.get_name().to_owned());
    let ci = options.ci.and_then(|system| system.to_possible_value());
    let ci = ci.map(|value| value.get_name().to_owned());
    let mut arguments = vec!["--no-install".to_owned()];
    for (flag, value) in [
        ("--supply", supply),
        ("--mirror", options.mirror.clone()),
        ("--ci", ci),
    ] {
        arguments.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    arguments
}

#[cfg(test)]
mod tests {
    use pipelines::System;

    use super::*;
    use crate::cli::{self, options::Supply};

    #[tokio::test]
    async fn the_one_that_an_earlier_command_has_left_ends_before_another_starts() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache")).unwrap();
        let mut earlier = leftovers::of_a_run_that_is_over(&cache, "sleep")
            .arg("600")
            .spawn()
            .unwrap();
        let run = RunDir::open("run", folder.path()).unwrap();
        let session = Session::new(run, cache, Progress::new(1, History::new()), cli::options(&[]));
        // What it starts here is the program of this test, which refuses such arguments.
        let error = start(&session).await.unwrap_err().to_string();
        assert!(error.contains("has ended"), "{error}");
        let ended = earlier.try_wait().unwrap().is_some();
        earlier.kill().unwrap();
        earlier.wait().unwrap();
        assert!(ended, "the earlier one goes on");
    }

    #[test]
    fn the_other_process_finds_the_same_parts_and_installs_nothing() {
        let told = |given: &[&str]| arguments(&cli::options(given)).join(" ");
        assert_eq!(told(&[]), "--no-install --supply auto");
        let given = ["--supply", "build", "--mirror", "host:5000", "--ci", "gitlab"];
        assert_eq!(told(&given), format!("--no-install {}", given.join(" ")));
        // What it is told, it understands as it was meant.
        let arguments = arguments(&cli::options(&given));
        let options = cli::options(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(options.no_install && options.supply == Supply::Build && options.system() == System::Gitlab);
    }
}
