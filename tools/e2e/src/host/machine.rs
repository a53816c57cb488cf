//! Describes this machine and samples its load, from /proc.

use std::{fs, time::Duration};

use tokio::task::JoinSet;

use crate::report::recorder::Recorder;

const PROC: &str = "/proc";
const EVERY: Duration = Duration::from_secs(2);

/// Notes how busy the machine is, until what it gives is dropped.
pub(crate) fn watch(recorder: &Recorder) -> JoinSet<()> {
    let recorder = recorder.clone();
    let mut watching = JoinSet::new();
    watching.spawn(async move {
        let mut before = ticks(&read("stat"));
        loop {
            tokio::time::sleep(EVERY).await;
            let now = ticks(&read("stat"));
            if let (Some(before), Some(now), Some(memory)) = (before, now, used(&read("meminfo"))) {
                recorder.load(now.busy_since(before), memory);
            }
            before = now;
        }
    });
    watching
}

/// Name of the processor and of the kernel.
pub(crate) fn name() -> String {
    let cpu = read("cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, name)| name.trim());
    let kernel = read("sys/kernel/osrelease");
    [
        model.unwrap_or_default().to_owned(),
        format!("Linux {}", kernel.trim()),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join(", ")
}

/// Processors of this machine.
pub(crate) fn cpus() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

/// Memory of this machine, in bytes.
pub(crate) fn memory() -> u64 {
    field(&read("meminfo"), "MemTotal:").unwrap_or(0)
}

/// Empty where there is no such file: what is missing in a report is no reason to fail.
fn read(name: &str) -> String {
    fs::read_to_string(format!("{PROC}/{name}")).unwrap_or_default()
}

/// What all processors together have done since the start.
#[derive(Debug, Clone, Copy)]
struct Ticks {
    all: u64,
    idle: u64,
}

impl Ticks {
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    fn busy_since(self, before: Self) -> f64 {
        let all = self.all.saturating_sub(before.all).max(1);
        let idle = self.idle.saturating_sub(before.idle).min(all);
        1.0 - idle as f64 / all as f64
    }
}

fn ticks(stat: &str) -> Option<Ticks> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    // user nice system idle iowait irq softirq steal; guests are counted in user already.
    let counts: Vec<u64> = line
        .split_whitespace()
        .take(8)
        .map_while(|count| count.parse().ok())
        .collect();
    Some(Ticks {
        all: counts.iter().sum(),
        idle: counts.get(3)? + counts.get(4)?,
    })
}

fn used(meminfo: &str) -> Option<u64> {
    field(meminfo, "MemTotal:")?.checked_sub(field(meminfo, "MemAvailable:")?)
}

/// In bytes; the kernel writes thousands of 1024.
fn field(meminfo: &str, name: &str) -> Option<u64> {
    let rest = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim()
        .strip_suffix(" kB")?
        .parse::<u64>()
        .ok()
        .map(|count| count * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_that_was_busy_is_told_from_two_looks() {
        let before = ticks("cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1").unwrap();
        let now = ticks("cpu  150 0 150 780 120 0 0 0 90 0\n").unwrap();
        assert!((now.busy_since(before) - 0.5).abs() < 1e-9);
        assert!(now.busy_since(now) <= 1.0);
        assert!(ticks("").is_none());
    }

    #[test]
    fn memory_in_use_is_what_is_not_available() {
        let text = "MemTotal:        8000 kB\nMemFree:  10 kB\nMemAvailable:    3000 kB\n";
        assert_eq!(used(text), Some(5000 * 1024));
        assert_eq!(used("MemTotal: 1 kB"), None);
    }
}
