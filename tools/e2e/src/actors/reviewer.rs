//! Somebody who looks at what CI proposes and merges it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e_report::Milestone;
use reqwest::StatusCode;

use crate::environment::{Environment, apps};
use crate::git::checkout::Checkout;
use crate::git::forge::{ForgeError, PullRequest, Repository};
use crate::git::repositories::manifests_on_forge;
use crate::git::short;
use crate::report::recorder::Way;
use crate::run::StepHandle;
use crate::wait::{Verdict, eventually};
use crate::world::World;

/// Pull requests are opened by CI's last command; this is for the forge's own work after that.
const PROPOSED_WITHIN: Duration = Duration::from_secs(30);
const MERGED_WITHIN: Duration = Duration::from_secs(30);
const MERGEABLE_WITHIN: Duration = Duration::from_secs(30);

/// A reviewer of what CI proposes, where the manifests are.
pub(crate) struct Reviewer {
    repository: Repository,
    /// The apps that may be released.
    apps: Vec<String>,
}

/// The branch that holds the overlays.
fn base() -> &'static str {
    Environment::first().branch()
}

/// A merged proposal.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    /// The commit on the first branch that carries it.
    pub(crate) commit: String,
    /// When the merge was asked for.
    pub(crate) asked: Instant,
    /// The digest of each app's image in this environment from now on.
    pub(crate) digests: BTreeMap<String, String>,
}

impl Reviewer {
    pub(crate) fn of(world: &World) -> Self {
        Self {
            repository: manifests_on_forge(world),
            apps: apps().into_iter().map(str::to_owned).collect(),
        }
    }

    /// The same, told of apps that were added since.
    pub(crate) fn told_of(mut self, added: &[String]) -> Self {
        self.apps.extend_from_slice(added);
        self
    }

    /// The open proposal to release `commit` to an environment, once it can be merged. It may touch
    /// nothing but that environment's overlays.
    pub(crate) async fn proposal(
        &self,
        step: &StepHandle,
        environment: Environment,
        commit: &str,
    ) -> Result<PullRequest> {
        let prefix = format!("release/{environment}-");
        self.proposed(step, environment, &prefix, commit).await
    }

    /// The open proposal to take an environment back, or on, to the release of `commit`.
    pub(crate) async fn rollback(
        &self,
        step: &StepHandle,
        environment: Environment,
        commit: &str,
    ) -> Result<PullRequest> {
        let prefix = format!("release/{environment}-to-");
        self.proposed(step, environment, &prefix, commit).await
    }

    /// The branches of all open proposals for an environment, each with its commit.
    pub(crate) async fn open(&self, environment: Environment) -> Result<Vec<(String, String)>> {
        let open = self.open_proposals(environment).await?.into_iter();
        Ok(open.map(|open| (open.head.branch, open.head.sha)).collect())
    }

    /// All open proposals for an environment.
    pub(crate) async fn open_proposals(&self, environment: Environment) -> Result<Vec<PullRequest>> {
        let prefix = format!("release/{environment}-");
        let open = self.repository.open_pull_requests().await?.into_iter();
        let own = open.filter(|open| open.is_own(base()));
        Ok(own.filter(|open| open.head.branch.starts_with(&prefix)).collect())
    }

    async fn proposed(
        &self,
        step: &StepHandle,
        environment: Environment,
        prefix: &str,
        commit: &str,
    ) -> Result<PullRequest> {
        let what = format!("pull request {prefix}{}", short(commit));
        let pull_request = eventually(step, &what, PROPOSED_WITHIN, async || {
            let open = self.repository.open_pull_requests().await?;
            let ours = open.iter().find(|open| {
                let proposed = open
                    .head
                    .branch
                    .strip_prefix(prefix)
                    .filter(|_| open.is_own(base()));
                proposed.is_some_and(|proposed| proposed.len() >= 7 && commit.starts_with(proposed))
            });
            let Some(ours) = ours else {
                let others: Vec<&str> = open.iter().map(|open| open.head.branch.as_str()).collect();
                return Ok(Verdict::Pending(format!(
                    "CI opened none; open are: {}",
                    others.join(", ")
                )));
            };
            Ok(mergeable(ours.clone()))
        })
        .await?;
        let changed = self.repository.changed_paths(pull_request.number).await?;
        ensure!(!changed.is_empty(), "{what} changes nothing");
        for path in &changed {
            ensure!(
                self.apps.iter().any(|app| *path == environment.overlay(app)),
                "{what} changes {path}, which is not a pin of {environment}"
            );
        }
        Ok(pull_request)
    }

    /// Merge a proposal.
    pub(crate) async fn merge(
        &self,
        step: &StepHandle,
        environment: Environment,
        proposal: &PullRequest,
        manifests: &Checkout,
    ) -> Result<Release> {
        let asked = merge_on_forge(step, &self.repository, proposal).await?;
        let commit = manifests.catch_up().await?;
        let merged = self.repository.pull_request(proposal.number).await?;
        ensure!(
            merged.merged,
            "the forge took the merge of #{} and does not call it merged",
            proposal.number
        );
        let digests = pins_of(&self.apps, manifests, &commit, environment).await?;
        Ok(Release {
            commit,
            asked,
            digests,
        })
    }

    /// Merges the proposal to release `commit`, once there is one. Gives also the way of that
    /// commit, which has the moments of both.
    pub(crate) async fn release(
        &self,
        step: &StepHandle,
        environment: Environment,
        commit: &str,
        manifests: &Checkout,
    ) -> Result<(Release, Way)> {
        let way = step.way(environment, commit);
        let proposal = self.proposal(step, environment, commit).await?;
        way.mark(Milestone::Proposed, Instant::now());
        let release = self.merge(step, environment, &proposal, manifests).await?;
        way.mark(Milestone::Merged, release.asked);
        Ok((release, way))
    }
}

/// Merges a proposal as soon as the forge has checked it, and says when it was asked to.
pub(crate) async fn merge_on_forge(
    step: &StepHandle,
    repository: &Repository,
    proposal: &PullRequest,
) -> Result<Instant> {
    let what = format!("merge of #{}", proposal.number);
    eventually(step, &what, MERGED_WITHIN, async || {
        let asked = Instant::now();
        Ok(match repository.merge(proposal).await {
            Ok(()) => Verdict::Ready(asked),
            // Its check of the pull request is still under way.
            Err(ForgeError::Refused { status, message, .. }) if status == StatusCode::METHOD_NOT_ALLOWED => {
                Verdict::Pending(message)
            }
            Err(error) => Verdict::Failed(format!("{:#}", anyhow::Error::new(error))),
        })
    })
    .await
}

/// A proposal of `branch` that the forge calls mergeable.
pub(crate) async fn propose_on_forge(
    step: &StepHandle,
    repository: &Repository,
    branch: &str,
    base: &str,
    title: &str,
) -> Result<PullRequest> {
    let number = repository.propose(branch, base, title).await?.number;
    eventually(
        step,
        &format!("proposal #{number}"),
        MERGEABLE_WITHIN,
        async || Ok(mergeable(repository.pull_request(number).await?)),
    )
    .await
}

fn mergeable(proposal: PullRequest) -> Verdict<PullRequest> {
    if proposal.mergeable {
        Verdict::Ready(proposal)
    } else {
        Verdict::Pending("the forge has not found it mergeable yet".to_owned())
    }
}

/// The digest each app is pinned to for an environment in `commit`.
pub(crate) async fn pins(
    manifests: &Checkout,
    commit: &str,
    environment: Environment,
) -> Result<BTreeMap<String, String>> {
    pins_of(&apps(), manifests, commit, environment).await
}

async fn pins_of(
    apps: &[impl AsRef<str>],
    manifests: &Checkout,
    commit: &str,
    environment: Environment,
) -> Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    for app in apps.iter().map(AsRef::as_ref) {
        let path = environment.overlay(app);
        let pin = overlay::pin(&manifests.file_at(commit, &path).await?, app).context(path)?;
        digests.insert(app.to_owned(), pin.digest);
    }
    Ok(digests)
}

/// Whether a commit is a bump and nothing else, by what it changes: pins of any app, also of one
/// that has been removed since.
pub(crate) fn is_bump(changed: &[String]) -> bool {
    let is_of = |path: &str, app: &str| {
        let mut environments = Environment::all().iter();
        environments.any(|environment| path == environment.overlay(app))
    };
    let pins = |path: &String| path.split('/').nth(1).is_some_and(|app| is_of(path, app));
    !changed.is_empty() && changed.iter().all(pins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_changes_pins_and_nothing_else() {
        let pin =
            |app: &str, environment: &str| format!("infra/{app}/overlays/{environment}/kustomization.yaml");
        let bump = pin("frontend", Environment::last().name());
        assert!(is_bump(&[bump.clone(), pin("bot", Environment::first().name())]));
        assert!(!is_bump(&[bump.clone(), "README.md".to_owned()]));
        assert!(!is_bump(&[pin("frontend", "elsewhere")]));
        assert!(!is_bump(&[format!("apps/{bump}")]));
        assert!(!is_bump(&[]));
    }
}
