//! The images are rebuilt from the commit with the same compilers, from nothing and in another
//! folder. They must equal those in the registry: whatever is in them comes from Git.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use xshell::Shell;

use crate::ci::{project, release_verb};
use crate::environment::{Environment, apps};
use crate::git::Git;
use crate::host::process::Tool;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};

/// Everything is compiled, on two cores beside running clusters.
const MADE: Duration = Duration::from_mins(24);
/// The first word of a line of `cargo xtask ci reproduce`, one for each image.
const SAME: &str = "same ";

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("reproduction", "the same images, made again", 1500),
    suite: Suite::Reproduction,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    let folder = testbed.harness.run.empty("again")?;
    let outcome = the_same_commit_gives_the_same_images(testbed, step, &folder).await;
    // Gigabytes.
    let removed = fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()));
    outcome.and(removed)
}

async fn the_same_commit_gives_the_same_images(
    testbed: &Testbed,
    step: &StepHandle,
    folder: &Path,
) -> Result<()> {
    let (forge, home) = (&testbed.world.forge, testbed.world.layout.application());
    let (remote, branch) = (home.remote(&forge.host_url), Environment::first().branch());
    let git = Git::at(folder).with_token(&forge.token);
    git.run(&["clone", "--quiet", "--branch", branch, &remote, "."])
        .await?;

    step.doing("compile everything");
    let begun = Instant::now();
    let shell = Shell::new().context("open a shell")?;
    let project = project(&testbed.harness, &testbed.world);
    let reproduce = release_verb(&shell, &project, folder, &["ci", "reproduce"])?
        .envs(&project.machine)
        .env("CARGO_TARGET_DIR", folder.join("target"));
    let said = Tool::new(reproduce, &testbed.harness.run.log("reproduction"), MADE)
        .read()
        .await
        .context("make the images again")?;
    step.measured("compiled and compared", begun.elapsed().as_secs_f64());
    let same: Vec<_> = said.lines().filter(|line| line.starts_with(SAME)).collect();
    let images = apps().len();
    ensure!(same.len() == images, "not {images} images are the same: {said}");
    for line in same {
        step.evidence(line.to_owned());
    }
    Ok(())
}
