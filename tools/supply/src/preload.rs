//! Puts images into the containerd of a node image, so that a cluster has them from its first
//! second.
//!
//! The way `kind build node-image` does it: containerd runs in a container of the node image, takes
//! the archives without unpacking them, and the container becomes the new image. At a node's start
//! the engine copies `/var` into the node's volume.
//!
//! An archive of an image for several platforms may name all of them and have the contents of one
//! alone: a Docker that keeps its images in containerd pulls and saves no more. So `ctr` is asked
//! for what it takes by itself, which is this machine's platform; for all of them it would fail.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::workshop::{Workshop, minutes};

const IMPORT: &str = r#"
set -eu
containerd > /tmp/containerd.log 2>&1 &
tries=0
until ctr info > /dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 150 ]; then cat /tmp/containerd.log; exit 1; fi
    sleep 0.2
done
for archive in /archives/*.tar; do
    ctr --namespace k8s.io images import --label io.cri-containerd.pinned=pinned --no-unpack "$archive"
done
kill %1
wait %1 || true
rm -rf /tmp/* /run/containerd
"#;

/// Makes `target` of the node image `base` and the `images`, all of which the engine holds.
pub(crate) fn preload(
    shop: Workshop<'_>,
    base: &str,
    images: &[&str],
    target: &str,
    label: &str,
) -> Result<()> {
    let sh = Shell::new().context("open a shell")?;
    let archives = shop.scratch("archives")?;
    for (number, image) in images.iter().enumerate() {
        shop.progress.doing(&format!("pack {image}"));
        let archive = archives.join(format!("{number}.tar"));
        let save = shop
            .engine()?
            .command(&sh, ["save", "--output"])
            .arg(archive)
            .arg(image);
        shop.run("preload", minutes(5), save)?;
    }
    let container = "gitops-loop-preload";
    let engine = shop.engine()?;
    let remove = || {
        let command = engine.command(&sh, ["rm", "--force", "--volumes", container]);
        // Nothing to remove is no failure.
        let _ = shop.run("preload", minutes(1), command);
    };
    remove();
    shop.progress
        .doing(&format!("import {} images into the node image", images.len()));
    let outcome = import(shop, &sh, container, &archives, base).and_then(|()| {
        let entrypoint = r#"ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]"#;
        let commit = engine.command(&sh, ["commit", "--change", entrypoint, "--change", "CMD []"]);
        let commit = commit
            .arg("--change")
            .arg(format!("LABEL {label}"))
            .arg(container)
            .arg(target);
        shop.run("preload", minutes(5), commit)
    });
    remove();
    fs::remove_dir_all(&archives).with_context(|| format!("remove {}", archives.display()))?;
    outcome
}

fn import(shop: Workshop<'_>, sh: &Shell, container: &str, archives: &Path, base: &str) -> Result<()> {
    let run = shop.engine()?.command(
        sh,
        [
            "run",
            "--name",
            container,
            "--network",
            "none",
            "--entrypoint",
            "/bin/bash",
        ],
    );
    let run = run
        .args(["--security-opt", "seccomp=unconfined", "--volume"])
        .arg(format!("{}:/archives:ro", archives.display()));
    shop.run("preload", minutes(5), run.arg(base).args(["-m", "-c", IMPORT]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_contents_for_this_machine_are_asked_of_an_archive() {
        let imports: Vec<_> = IMPORT
            .lines()
            .filter(|line| line.contains("images import"))
            .collect();
        assert_eq!(imports.len(), 1);
        assert!(!imports[0].contains("platform"), "{}", imports[0]);
    }
}
