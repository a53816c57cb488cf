//! The bring-up that is killed.

use std::{fs, io::Write as _, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    time::Instant,
};

use crate::run::bring_up;

/// Doctor and supply, all of whose parts are there.
const READY: Duration = Duration::from_mins(5);
/// In the line of a step that begins; the list of all steps, which comes first, has none.
const BEGUN: char = '…';

/// Starts `up` and kills its process, and no other, so long after it has begun to change the
/// machine; gives what it had begun last.
pub(super) async fn killed_after(moment: Duration, log: &Path) -> Result<String> {
    let mut child = Command::new("/proc/self/exe")
        .arg("up")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("start `up`")?;
    let said = child.stderr.take().context("stderr is piped")?;
    let mut victim = Victim {
        child,
        lines: BufReader::new(said).lines(),
        log: fs::File::create(log).with_context(|| format!("create {}", log.display()))?,
        last: String::new(),
    };
    victim
        .follow(Instant::now() + READY, bring_up::NETWORK.title)
        .await?;
    victim.follow(Instant::now() + moment, "\0").await?;
    victim.child.kill().await.context("kill `up`")?;
    Ok(victim.last)
}

struct Victim {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    log: fs::File,
    /// What it said last.
    last: String,
}

impl Victim {
    /// Reads what it says until `moment`, or until a step with `word` in its title begins.
    async fn follow(&mut self, moment: Instant, word: &str) -> Result<()> {
        loop {
            let Ok(line) = tokio::time::timeout_at(moment, self.lines.next_line()).await else {
                return Ok(());
            };
            let Some(line) = line.context("read what `up` says")? else {
                let status = self.child.wait().await.context("wait for `up`")?;
                bail!(
                    "`up` ended by itself before it was killed ({status}): {}",
                    self.last
                );
            };
            writeln!(self.log, "{line}").context("write the log of `up`")?;
            line.trim().clone_into(&mut self.last);
            if line.contains(word) && line.contains(BEGUN) {
                return Ok(());
            }
        }
    }
}
