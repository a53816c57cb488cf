//! Tells which parts of the application have changed on disk.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use notify_debouncer_full::notify::{EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::change::{Part, folders, made_of};

/// An editor's save is several events, and a checkout is many.
const QUIET: Duration = Duration::from_millis(100);

/// What changed, one set for each burst of changes.
pub(crate) struct Changes {
    bursts: UnboundedReceiver<BTreeSet<Part>>,
    /// Watches as long as it lives.
    _watcher: Debouncer<RecommendedWatcher, RecommendedCache>,
}

impl Changes {
    /// Watches the repository at `root`.
    pub(crate) fn watch(root: &Path) -> Result<Self> {
        let root = root
            .canonicalize()
            .with_context(|| format!("resolve {}", root.display()))?;
        let (sender, bursts) = unbounded_channel();
        let seen_from = root.clone();
        let mut watcher = new_debouncer(QUIET, None, move |events: DebounceEventResult| {
            let parts = parts(&seen_from, events);
            if !parts.is_empty() {
                // Fails only at the end of the program.
                let _ = sender.send(parts);
            }
        })
        .context("watch files")?;
        let below = folders().map(|folder| (root.join(folder), RecursiveMode::Recursive));
        // Cargo.toml and Cargo.lock lie in the root itself.
        let places = below.chain([(root.clone(), RecursiveMode::NonRecursive)]);
        for (folder, mode) in places.filter(|(folder, _)| folder.exists()) {
            watcher
                .watch(&folder, mode)
                .with_context(|| format!("watch {}", folder.display()))?;
        }
        Ok(Self {
            bursts,
            _watcher: watcher,
        })
    }

    /// Waits for a change, and takes all that are there by then.
    pub(crate) async fn next(&mut self) -> BTreeSet<Part> {
        let mut parts = self.bursts.recv().await.unwrap_or_default();
        while let Ok(more) = self.bursts.try_recv() {
            parts.extend(more);
        }
        parts
    }
}

fn parts(root: &Path, events: DebounceEventResult) -> BTreeSet<Part> {
    events
        .unwrap_or_default()
        .iter()
        // A compiler only reads.
        .filter(|event| !matches!(event.kind, EventKind::Access(_)))
        .flat_map(|event| &event.paths)
        .filter_map(|path| path.strip_prefix(root).ok())
        .flat_map(made_of)
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_saved_file_is_reported_once_and_a_read_one_never() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("backend/src");
        fs::create_dir_all(&source).unwrap();
        fs::write(source.join("store.rs"), "one").unwrap();
        let mut changes = Changes::watch(folder.path()).unwrap();

        fs::read(source.join("store.rs")).unwrap();
        timeout(QUIET * 5, changes.next())
            .await
            .expect_err("nothing has changed");

        fs::write(source.join("store.rs"), "two").unwrap();
        fs::write(source.join("other.rs"), "new").unwrap();
        let parts = timeout(Duration::from_secs(5), changes.next()).await.unwrap();
        assert_eq!(parts, BTreeSet::from([Part::Servers]));
    }
}
