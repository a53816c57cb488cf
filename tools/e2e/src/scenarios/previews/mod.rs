//! Previews of pull requests.

pub(crate) mod many;
pub(crate) mod old;
pub(crate) mod opened;
pub(crate) mod orphan;
mod walls;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use xshell::Shell;

use crate::ci::{project, release_verb};
use crate::environment::Environment;
use crate::git::Git;
use crate::git::checkout::Checkout;
use crate::git::forge::{CommitStatus, ForgeAccess};
use crate::git::repositories::application_on_forge;
use crate::host::process::Tool;
use crate::platform::previews::{NAME, left};
use crate::run::{StepHandle, Testbed};
use crate::scenarios::release::remarked;
use crate::scenarios::undo::Undo;
use crate::wait::{Verdict, eventually};

/// The label that asks for a preview, the report on it, and the registry's folder of its images.
const PREVIEW: &str = "preview";
/// From a label, or a push, until the preview answers; its images are there.
const READY: Duration = Duration::from_mins(1);
/// From a close until nothing is left.
const GONE: Duration = Duration::from_secs(90);
/// How the status of one ends that was ready.
const CLOSED: Saying<'static> = Saying {
    status: "success",
    words: "gone, because",
};
/// From the end of a preview until that is said.
const SAID: Duration = Duration::from_secs(15);
/// No image is made of it: the first that changes it builds, and the others only tag.
const PROSE: &str = "README.md";
/// Until the keeper is as a command of kubectl says.
const KEEPER: Duration = Duration::from_mins(1);
/// One verb of CI, with all that has to be compiled.
const VERB: Duration = Duration::from_mins(10);

/// What a pull request says of its preview: a status, and words in its description.
#[derive(Clone, Copy)]
struct Saying<'a> {
    status: &'a str,
    words: &'a str,
}

impl Saying<'_> {
    fn is(self, said: &CommitStatus) -> bool {
        said.status == self.status && said.description.contains(self.words)
    }
}

/// What is open, and where its developer works.
struct Proposed {
    number: u64,
    branch: String,
    checkout: Checkout,
}

impl Proposed {
    /// Opens a pull request with a change of a file.
    async fn open(testbed: &Testbed, name: &str, path: &str) -> Result<Self> {
        let folder = testbed.harness.run.empty(&format!("previews-{name}"))?;
        let checkout = testbed.application();
        checkout.catch_up().await?;
        let checkout = checkout.of_colleague(&folder).await?;
        let now = SystemTime::UNIX_EPOCH.elapsed().context("the clock is wrong")?;
        let branch = format!("{name}-{}", now.as_millis());
        remarked(&checkout, path, "/* ", " */").await?;
        checkout.push(&branch).await?;
        let pull_request = application_on_forge(&testbed.world)
            .propose(&branch, Environment::first().branch(), &format!("Change {name}"))
            .await?;
        Ok(Self {
            number: pull_request.number,
            branch,
            checkout,
        })
    }

    /// Opens one whose change no image shows, and builds its images.
    async fn open_and_build(testbed: &Testbed, step: &StepHandle, name: &str) -> Result<Self> {
        let proposed = Self::open(testbed, name, PROSE).await?;
        step.doing("build the images of the pull request");
        proposed.build(testbed).await?;
        Ok(proposed)
    }

    /// What CI of a labelled pull request does, with a folder of the registry to itself.
    async fn build(&self, testbed: &Testbed) -> Result<String> {
        let head = self.checkout.head().await?;
        // Where CI builds everything, because what was compiled elsewhere counts for nothing here.
        let folder = testbed.harness.cache.ci().join("checkout");
        let git = Git::at(&folder).with_token(&testbed.world.forge.token);
        let from = self.checkout.folder().display().to_string();
        git.run(&["fetch", "--quiet", &from, "HEAD"]).await?;
        git.run(&["checkout", "--quiet", "--force", "-B", &self.branch, &head])
            .await?;
        for verb in [&["plan"][..], &["build"], &["push"], &["tag", &head]] {
            run_verb(testbed, &folder, verb).await?;
        }
        Ok(head)
    }

    async fn label(&self, testbed: &Testbed) -> Result<()> {
        let repository = application_on_forge(&testbed.world);
        Ok(repository.label(self.number, PREVIEW).await?)
    }

    async fn close(&self, testbed: &Testbed) -> Result<()> {
        Ok(application_on_forge(&testbed.world).close(self.number).await?)
    }

    /// What the pull request says of its preview.
    async fn said(&self, testbed: &Testbed) -> Result<Option<CommitStatus>> {
        let repository = application_on_forge(&testbed.world);
        let statuses = repository.statuses(&self.checkout.head().await?).await?;
        Ok(statuses.into_iter().find(|status| status.context == PREVIEW))
    }

    /// Waits until the pull request says this.
    async fn says(
        &self,
        testbed: &Testbed,
        step: &StepHandle,
        within: Duration,
        saying: Saying<'_>,
    ) -> Result<()> {
        let what = format!("preview {} is said to be \"{}\"", self.number, saying.words);
        eventually(step, &what, within, async || {
            Ok(match self.said(testbed).await? {
                Some(said) if saying.is(&said) => Verdict::Ready(()),
                Some(said) => Verdict::Pending(format!("{}: {}", said.status, said.description)),
                None => Verdict::Pending("nothing is said of it".to_owned()),
            })
        })
        .await
    }

    /// Waits until the pull request says where it is, and gives that.
    async fn address(&self, testbed: &Testbed, step: &StepHandle, within: Duration) -> Result<String> {
        let what = format!("preview {} is ready", self.number);
        eventually(step, &what, within, async || {
            Ok(match self.said(testbed).await? {
                Some(status) if status.status == "success" => Verdict::Ready(status.description),
                Some(status) if status.status == "failure" => Verdict::Failed(status.description),
                Some(status) => Verdict::Pending(status.description),
                None => Verdict::Pending("nothing is said of it".to_owned()),
            })
        })
        .await
    }
}

async fn run_verb(testbed: &Testbed, folder: &Path, verb: &[&str]) -> Result<()> {
    let harness = &testbed.harness;
    let project = project(harness, &testbed.world);
    let registry = format!(
        "{}/{}/{PREVIEW}",
        testbed.world.forge.registry,
        ForgeAccess::ORGANISATION
    );
    let shell = Shell::new().context("open a shell")?;
    let command = [&["ci"], verb].concat();
    let command = release_verb(&shell, &project, folder, &command)?
        .env("RELEASE_BRANCH", Environment::first().branch())
        .env("IMAGE_REGISTRY", registry)
        .env("CARGO_TARGET_DIR", harness.cache.ci().join("target"))
        .envs(&project.machine);
    let ran = Tool::new(command, &harness.run.log("previews-ci"), VERB)
        .run()
        .await;
    ran.with_context(|| format!("ci {}", verb.join(" ")))
}

/// Waits until nothing of previews is left, and says how long that took.
async fn none_left(testbed: &Testbed, step: &StepHandle, within: Duration) -> Result<Duration> {
    let since = Instant::now();
    eventually(step, "nothing is left of previews", within, async || {
        let left = left(testbed).await?;
        Ok(if left.is_empty() {
            Verdict::Ready(())
        } else {
            Verdict::Pending(format!("{left:?}"))
        })
    })
    .await?;
    Ok(since.elapsed())
}

/// Changes the keeper by kubectl. What is given has it changed back, however the scenario ends.
async fn keeper_changed(testbed: &Testbed, by: &[&str], back: &[&str]) -> Result<Undo> {
    let shell = Shell::new().context("open a shell")?;
    let back = testbed.first().kubectl(&testbed.harness, &shell, back);
    let undo = Undo::by([back.args(["--namespace", NAME])]);
    kubectl(testbed, by).await?;
    Ok(undo)
}

/// Has kubectl do this where the keeper is.
async fn kubectl(testbed: &Testbed, args: &[&str]) -> Result<()> {
    let harness = &testbed.harness;
    let shell = Shell::new().context("open a shell")?;
    let command = testbed.first().kubectl(harness, &shell, args);
    let command = command.args(["--namespace", NAME]);
    Tool::new(command, &harness.run.log("previews-kubectl"), KEEPER)
        .run()
        .await
}
