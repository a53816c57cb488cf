//! What a release will do, from three facts per app: the content's fingerprint, the registry, the deployed digest.
//!
//! Content decides, never the kind of commit: a bump changes no app's content, so its own plan is "nothing to release",
//! and a CI system that runs once for several pushes loses none of them.

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use ureq::Agent;

use crate::ci::apps::{APPS, App};
use crate::ci::git::Git;
use crate::ci::settings::{MAIN_BRANCH, Registry, Release};
use crate::ci::{overlay, registry};

/// What will be done for one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// Build and push its image, then propose it.
    Build,
    /// Propose the image that is in the registry.
    Propose,
    /// The environment is pinned to it already.
    Nothing,
    /// It was never built, and this branch does not build.
    Missing,
}

#[derive(Debug, Serialize)]
pub(crate) struct AppPlan {
    #[serde(skip)]
    pub(crate) app: &'static App,
    pub(crate) name: &'static str,
    pub(crate) fingerprint: String,
    /// Image and tag, as pushed.
    pub(crate) image: String,
    pub(crate) in_registry: Option<String>,
    pub(crate) in_overlay: String,
    pub(crate) action: Action,
}

#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    pub(crate) commit: String,
    pub(crate) branch: &'static str,
    pub(crate) environment: &'static str,
    /// Tip of the branch that overlays are changed on.
    pub(crate) base: String,
    pub(crate) apps: Vec<AppPlan>,
    /// Whether anything is to be released at all.
    pub(crate) release: bool,
}

pub(crate) fn compute(git: &Git<'_>, agent: &Agent, registry: &Registry, release: Release) -> Result<Plan> {
    let commit = git.head()?;
    let base = git.fetch(MAIN_BRANCH)?;
    let environment = release.environment();
    let apps = APPS
        .iter()
        .map(|app| {
            let fingerprint = git.fingerprint(&commit, app)?;
            let in_registry = registry::digest(agent, registry, app.name, &fingerprint)?;
            let path = app.overlay(environment);
            let in_overlay = overlay::digest(&git.file(&base, &path)?, app.name)
                .with_context(|| format!("{path} on branch {MAIN_BRANCH}"))?;
            let action = action(release, in_registry.as_deref(), &in_overlay);
            let image = format!("{}:{fingerprint}", registry.image(app.name));
            Ok(AppPlan {
                app,
                name: app.name,
                fingerprint,
                image,
                in_registry,
                in_overlay,
                action,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let release_any = apps.iter().any(|app| app.action != Action::Nothing);
    Ok(Plan {
        commit,
        branch: release.branch(),
        environment,
        base,
        apps,
        release: release_any,
    })
}

fn action(release: Release, in_registry: Option<&str>, in_overlay: &str) -> Action {
    match (in_registry, release) {
        (Some(digest), _) if digest == in_overlay => Action::Nothing,
        (Some(_), _) => Action::Propose,
        (None, Release::Staging) => Action::Build,
        (None, Release::Production) => Action::Missing,
    }
}

impl Plan {
    /// The commit as people write it.
    pub(crate) fn short_commit(&self) -> &str {
        &self.commit[..10]
    }

    pub(crate) fn with_action(&self, action: Action) -> impl Iterator<Item = &AppPlan> {
        self.apps.iter().filter(move |app| app.action == action)
    }

    /// Production is given what staging was given; content that was never built there cannot be promoted.
    pub(crate) fn refuse_missing(&self) -> Result<()> {
        let missing: Vec<_> = self
            .with_action(Action::Missing)
            .map(|app| app.image.as_str())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        bail!(
            "branch {} never builds, and the registry does not have {}; push commit {} to {MAIN_BRANCH} first, and \
             let its release to staging finish",
            self.branch,
            missing.join(" and "),
            self.short_commit(),
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
            println!("  so        {}", app.action.in_words());
        }
        if !self.release {
            println!("nothing to release");
        }
    }
}

impl Action {
    fn in_words(self) -> &'static str {
        match self {
            Self::Build => "build it, push it, propose it",
            Self::Propose => "propose what the registry has",
            Self::Nothing => "nothing: it is what the environment is pinned to",
            Self::Missing => "stop: this branch does not build",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_staging_builds() {
        assert_eq!(action(Release::Staging, None, "a"), Action::Build);
        assert_eq!(action(Release::Production, None, "a"), Action::Missing);
    }

    #[test]
    fn content_that_is_deployed_is_left_alone_and_other_content_is_proposed() {
        for release in [Release::Staging, Release::Production] {
            assert_eq!(action(release, Some("a"), "a"), Action::Nothing);
            assert_eq!(action(release, Some("a"), "b"), Action::Propose);
        }
    }
}
