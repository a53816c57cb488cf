//! What a release will do, from three facts per app: fingerprint, registry, deployed digest.
//!
//! Content decides, never the kind of commit: a bump changes no app's content, so its own plan is
//! "nothing to release", and a CI system that runs once for several pushes loses none of them.

mod action;
mod app_plan;
// wing: release-tests
#[cfg(test)]
mod tests;
// end of wing

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::ci::git::{Git, short};
use crate::ci::held_back::HeldBack;
use crate::ci::history::{MarkSource, ReleaseHistory, State};
use crate::ci::registry::Images;
use crate::environment::{Environment, main_branch, project};

pub(crate) use self::action::Action;
pub(crate) use self::app_plan::AppPlan;

/// Stands for the content of an app that had another folder when its image was built: a digest is
/// enough to give that to an environment.
const ELSEWHERE: &str = "unknown (the app had another folder)";

#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    pub(crate) commit: String,
    pub(crate) branch: &'static str,
    pub(crate) environment: Environment,
    /// Tip of the branch that overlays are changed on.
    pub(crate) base: String,
    pub(crate) apps: Vec<AppPlan>,
    /// Those that are left as they are: what is released has no image of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) left: Vec<&'static str>,
    /// Whether anything is to be released at all.
    pub(crate) release: bool,
    // wing: versions
    /// The version that it is, where that is why it is released.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    // end of wing
    /// The later commit that this takes back; a rollback's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) withdraws: Option<String>,
    /// The latest commits that were ever released or taken back, where it is not known which one
    /// the environment has: what is not later than they might bring it back.
    #[serde(skip)]
    pub(crate) latest: Vec<String>,
    /// The commits that the environment was released to, or taken back from: with them it is
    /// compared what may be proposed.
    #[serde(skip)]
    pub(crate) named: BTreeSet<String>,
    /// Whether the branch has a later commit of other content.
    #[serde(skip)]
    pub(crate) is_outdated: bool,
    /// What keeps it back.
    #[serde(skip)]
    pub(crate) held_back: HeldBack,
}

/// What releasing `commit` means while the overlays are as in `base`. `image` names that of an app.
pub(crate) fn compute(
    git: &Git<'_>,
    images: &dyn Images,
    image: &dyn Fn(&str) -> String,
    environment: Environment,
    commit: &str,
    base: &str,
) -> Result<Plan> {
    let releases = ReleaseHistory::of(git, environment, base)?;
    let mut apps = Vec::new();
    for (app, pinned) in project().apps().iter().zip(&releases.now) {
        let fingerprint = git.fingerprint(commit, app)?;
        let in_registry = images.digest(app.name(), &fingerprint)?;
        let image = format!("{}:{fingerprint}", image(app.name()));
        apps.push(AppPlan::of(
            environment,
            app,
            pinned,
            fingerprint,
            image,
            in_registry,
        ));
    }
    Plan::of(environment, commit, base, apps).bounded(git, &releases)
}

/// What giving `to` the images of `from` means, both as pinned in `base`. They must have the
/// content of `pushed`, if that is given.
pub(crate) fn promotion(
    git: &Git<'_>,
    from: Environment,
    to: Environment,
    pushed: Option<&str>,
    base: &str,
) -> Result<Plan> {
    let (given, releases) = (
        ReleaseHistory::of(git, from, base)?,
        ReleaseHistory::of(git, to, base)?,
    );
    let known = given.state(git);
    let given = known.map_or_else(|| bail!(given.unclear(git, from)), Ok)?;
    let commit = given.commit.clone();
    if let Some(pushed) = pushed
        && !git.same_content(pushed, &commit)?
    {
        bail!(
            "{from} runs commit {commit}, and commit {pushed}, pushed here, has other content; push what {from} runs, or release it \
             there first"
        );
    }
    Plan::of_state(git, to, &given, base, &releases)?.bounded(git, &releases)
}

impl Plan {
    pub(crate) fn of(environment: Environment, commit: &str, base: &str, apps: Vec<AppPlan>) -> Self {
        Self {
            commit: commit.to_owned(),
            branch: environment.branch(),
            environment,
            base: base.to_owned(),
            release: apps.iter().any(|app| app.action != Action::Nothing),
            apps,
            left: Vec::new(),
            version: None, // wing: versions
            withdraws: None,
            latest: Vec::new(),
            named: BTreeSet::new(),
            is_outdated: false,
            held_back: HeldBack::default(),
        }
    }

    /// What giving `environment` the images of `state` means. An app of which it has none is left
    /// as it is.
    pub(crate) fn of_state(
        git: &Git<'_>,
        environment: Environment,
        state: &State,
        base: &str,
        releases: &ReleaseHistory,
    ) -> Result<Self> {
        let (mut apps, mut left) = (Vec::new(), Vec::new());
        for ((app, digest), pinned) in project().apps().iter().zip(&state.digests).zip(&releases.now) {
            let Some(digest) = digest else {
                left.push(app.name());
                continue;
            };
            let fingerprint = if git.has(&state.commit, app)? {
                git.fingerprint(&state.commit, app)?
            } else {
                ELSEWHERE.to_owned()
            };
            let (image, there) = (format!("{app}@{digest}"), Some(digest.clone()));
            apps.push(AppPlan::of(environment, app, pinned, fingerprint, image, there));
        }
        let plan = Self::of(environment, &state.commit, base, apps);
        Ok(Self { left, ..plan })
    }

    /// With what bounds it: the commits that the overlays name and, where it is not known what the
    /// environment has, the latest of all that it ever had.
    pub(crate) fn bounded(mut self, git: &Git<'_>, releases: &ReleaseHistory) -> Result<Self> {
        self.named = releases.named();
        if self.is_unclear() {
            self.latest = releases.latest(git)?;
        }
        Ok(self)
    }

    /// Whether a digest in the overlays is one that no release wrote.
    pub(crate) fn is_unclear(&self) -> bool {
        self.apps.iter().any(|app| app.known == MarkSource::Not)
    }

    /// The commits that the environment's overlays name.
    pub(crate) fn released(&self) -> impl Iterator<Item = &str> {
        self.apps.iter().filter_map(|app| app.released.as_deref())
    }

    /// The later commits that the environment's overlays say were taken back.
    pub(crate) fn withdrawn(&self) -> impl Iterator<Item = &str> {
        self.apps.iter().filter_map(|app| app.withdrawn.as_deref())
    }

    /// Whether the registry has every image.
    pub(crate) fn is_pushed(&self) -> bool {
        self.apps.iter().all(|app| app.in_registry.is_some())
    }

    /// The commit as people write it.
    pub(crate) fn short_commit(&self) -> &str {
        short(&self.commit)
    }

    pub(crate) fn with_action(&self, action: Action) -> impl Iterator<Item = &AppPlan> {
        self.apps.iter().filter(move |app| app.action == action)
    }

    /// What a run builds that is limited to the apps of these names; no names are no limit.
    pub(crate) fn to_build(&self, names: Option<&[&str]>) -> Vec<&AppPlan> {
        let own = |app: &&AppPlan| names.is_none_or(|names| names.contains(&app.name));
        self.with_action(Action::Build).filter(own).collect()
    }

    /// Production is given what staging was given; what was never built there cannot be.
    pub(crate) fn refuse_missing(&self) -> Result<()> {
        let missing = self.with_action(Action::Missing);
        let missing: Vec<_> = missing.map(|app| app.image.as_str()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        bail!(
            "branch {} never builds, and the registry does not have {}; push commit {} to {} first, and \
             let its release to {} finish",
            self.branch,
            missing.join(" and "),
            self.short_commit(),
            main_branch(),
            project().first(),
        )
    }

    /// Says which apps are left as they are, and where the commit behind a digest was lost, and
    /// what it was.
    pub(crate) fn print_notes(&self) {
        for app in &self.left {
            println!("left      {app}: {}", self.why_left());
        }
        for app in self.apps.iter().filter(|app| app.known == MarkSource::Found) {
            println!(
                "found     {} lost the commit behind its digest; by the history of the overlays it is {}",
                app.app.overlay(self.environment),
                app.mark_in_words()
            );
        }
    }

    /// Why an app is left as it is.
    pub(crate) fn why_left(&self) -> String {
        format!(
            "the release of commit {} has no image of it; {} keeps what it has",
            self.short_commit(),
            self.environment
        )
    }

    pub(crate) fn print(&self) {
        println!(
            "commit {} of branch {}, to {}",
            self.short_commit(),
            self.branch,
            self.environment
        );
        for app in &self.apps {
            println!("{}", app.name);
            println!("  content   {}", app.fingerprint);
            println!(
                "  registry  {}",
                app.in_registry.as_deref().unwrap_or("does not have it")
            );
            println!("  deployed  {}", app.in_overlay);
            println!("  released  {}", app.release_in_words());
            println!("  so        {}", app.action.in_words());
        }
        if !self.release {
            println!("nothing to release");
        }
    }
}
