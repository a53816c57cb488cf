//! What is expected of Applications, as a sentence: these apps, on this cluster, at this revision,
//! are live within a minute.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::requests::{REFRESH, refresh};
use super::status::judge;
use super::{Application, Status, api, get, list};
use crate::cluster::Cluster;
use crate::git::short;
use crate::run::StepHandle;
use crate::wait::{Verdict, consistently, eventually};

/// How long a state must last to count: longer than the moment in which a new operation has wiped
/// the last one's result.
const HELD: Duration = Duration::from_secs(3);
/// A look at the Applications, however busy the machine is.
const LOOK: Duration = Duration::from_secs(2);

/// One Application of a cluster.
pub(crate) fn app<'a>(step: &'a StepHandle, cluster: &'a Cluster, name: &'a str) -> App<'a> {
    App { step, cluster, name }
}

/// Several; what is expected is expected of each.
pub(crate) fn apps<'a>(step: &'a StepHandle, cluster: &'a Cluster, names: &[&'a str]) -> Apps<'a> {
    let names = names.to_vec();
    Apps { step, cluster, names }
}

/// An Application, of which something is expected.
#[derive(Clone, Copy)]
pub(crate) struct App<'a> {
    step: &'a StepHandle,
    cluster: &'a Cluster,
    name: &'a str,
}

/// Applications of one cluster, of each of which something is expected.
#[derive(Clone)]
pub(crate) struct Apps<'a> {
    step: &'a StepHandle,
    cluster: &'a Cluster,
    names: Vec<&'a str>,
}

/// The same at one revision, or on their way to it.
#[derive(Clone)]
pub(crate) struct AppsAt<'a> {
    apps: Apps<'a>,
    revision: &'a str,
}

impl<'a> App<'a> {
    /// At the revision that Git has it at, or is to have.
    pub(crate) fn at(self, revision: &'a str) -> AppsAt<'a> {
        apps(self.step, self.cluster, &[self.name]).at(revision)
    }

    /// Waits until `judge` is content with what Argo CD says of it, whichever revision that is of.
    pub(crate) async fn until<T>(
        self,
        what: &str,
        within: Duration,
        judge: impl Fn(&Status) -> Verdict<T>,
    ) -> Result<T> {
        let what = format!("{} on {} {what}", self.name, self.cluster.environment);
        eventually(self.step, &what, within, async || {
            Ok(of(&list(self.cluster).await?, self.name, &judge))
        })
        .await
    }

    /// Waits until Argo CD can compare it with Git again, after its repo server was replaced. A
    /// ready pod is reached through its Service a moment later only, and a comparison that fails
    /// meanwhile is not repeated within a minute: whoever pushed then would wait for as long.
    pub(crate) async fn compared_again(self, within: Duration) -> Result<()> {
        let (cluster, app) = (self.cluster, self.name);
        let what = format!("a comparison of {app} on {} with Git", cluster.environment);
        let mut asked = false;
        eventually(self.step, &what, within, async || {
            let found = get(cluster, app).await?;
            if found.annotations().contains_key(REFRESH) {
                return Ok(Verdict::Pending("asked for, not done yet".to_owned()));
            }
            let status = found.status.unwrap_or_default();
            if asked && status.is_compared() {
                return Ok(Verdict::Ready(()));
            }
            refresh(cluster, app).await?;
            asked = true;
            Ok(Verdict::Pending(status.summary()))
        })
        .await
    }
}

impl<'a> Apps<'a> {
    /// At the revision that Git has them at, or is to have.
    pub(crate) fn at(self, revision: &'a str) -> AppsAt<'a> {
        AppsAt { apps: self, revision }
    }

    fn sentence(&self, what: &str) -> String {
        format!(
            "{} on {}: {what}",
            self.names.join(", "),
            self.cluster.environment
        )
    }

    async fn look<T>(&self, judge: impl Fn(&Status) -> Verdict<T>) -> Result<Verdict<Vec<T>>> {
        let found = list(self.cluster).await?;
        let (mut ready, mut pending) = (Vec::new(), Vec::new());
        for name in &self.names {
            match of(&found, name, &judge) {
                Verdict::Ready(value) => ready.push(value),
                Verdict::Pending(why) => pending.push(format!("{name}: {why}")),
                Verdict::Failed(why) => return Ok(Verdict::Failed(format!("{name}: {why}"))),
            }
        }
        Ok(if pending.is_empty() {
            Verdict::Ready(ready)
        } else {
            Verdict::Pending(pending.join("; "))
        })
    }
}

/// What `judge` says of the one called `name`, if Argo CD has anything to say of it.
fn of<T>(found: &[Application], name: &str, judge: impl Fn(&Status) -> Verdict<T>) -> Verdict<T> {
    let mut found = found.iter();
    let Some(app) = found.find(|app| app.metadata.name.as_deref() == Some(name)) else {
        return Verdict::Pending("does not exist yet".to_owned());
    };
    match &app.status {
        Some(status) => judge(status),
        None => Verdict::Pending("Argo CD has not looked at it yet".to_owned()),
    }
}

impl AppsAt<'_> {
    /// Waits until they have been synced to exactly this revision and are healthy, and sees that it
    /// stays so. Gives since when it was so.
    pub(crate) async fn live(self, within: Duration) -> Result<Instant> {
        self.clone().arrived(within).await?;
        let since = Instant::now();
        let what = self.sentence("live at");
        let look = async || self.apps.look(|status| judge(status, self.revision)).await;
        consistently(self.apps.step, &what, HELD, look).await?;
        Ok(since)
    }

    /// Waits until they have been synced to exactly this revision and are healthy; for who goes on
    /// at once and asks nothing of the new pods, or sees by other means that it stays so.
    pub(crate) async fn arrived(self, within: Duration) -> Result<()> {
        self.until("live at", within, judge).await.map(drop)
    }

    /// Waits until a sync has failed, or Argo CD refuses to begin it, and gives its words.
    pub(crate) async fn failed(self, within: Duration) -> Result<String> {
        let failed =
            |status: &Status, revision: &str| match (judge(status, revision), status.refusal(revision)) {
                (Verdict::Failed(why), _) | (Verdict::Pending(_), Some(why)) => Verdict::Ready(why),
                (Verdict::Ready(()), _) => Verdict::Failed("it succeeded".to_owned()),
                (Verdict::Pending(why), None) => Verdict::Pending(why),
            };
        Ok(self.until("failure at", within, failed).await?.join("; "))
    }

    /// Waits until the sync is over. Gives why it failed; none if they are live.
    pub(crate) async fn ended(self, within: Duration) -> Result<Option<String>> {
        let ended = |status: &Status, revision: &str| match judge(status, revision) {
            Verdict::Ready(()) => Verdict::Ready(None),
            Verdict::Failed(why) => Verdict::Ready(Some(why)),
            Verdict::Pending(why) => Verdict::Pending(why),
        };
        let causes = self.until("end of the sync to", within, ended).await?;
        let causes: Vec<String> = causes.into_iter().flatten().collect();
        Ok((!causes.is_empty()).then(|| causes.join("; ")))
    }

    /// Waits until they are at rest there, whether or not anything was left to sync.
    pub(crate) async fn settled(self, within: Duration) -> Result<()> {
        self.is("rest at", within, Status::is_steady_at).await
    }

    /// Waits until a sync to it is under way.
    pub(crate) async fn syncing(self, within: Duration) -> Result<()> {
        self.is("sync to", within, Status::is_syncing).await
    }

    /// An error unless a sync to it is still under way, or has failed since `moment`, when
    /// something was taken away from it.
    pub(crate) async fn still_syncing(self, moment: SystemTime) -> Result<()> {
        let shown = |status: &Status, revision: &str| {
            if status.is_syncing_since(revision, moment) {
                return Verdict::Ready(());
            }
            let is = status.summary();
            Verdict::Pending(format!("it was over before, so nothing was shown: {is}"))
        };
        self.until("still syncing to", LOOK, shown).await.map(drop)
    }

    /// Waits until this is what they run, and Argo CD calls that Degraded.
    pub(crate) async fn degraded(self, within: Duration) -> Result<()> {
        self.is("Degraded at", within, Status::is_degraded_at).await
    }

    /// Waits until they have been synced, and catches them while their pods are still being
    /// replaced.
    pub(crate) async fn rolling_out(self, within: Duration) -> Result<()> {
        let rolling_out = |status: &Status, revision: &str| match judge(status, revision) {
            Verdict::Failed(why) => Verdict::Failed(why),
            Verdict::Ready(()) => Verdict::Failed("it is over already".to_owned()),
            Verdict::Pending(_) if status.is_rolling_out(revision) => Verdict::Ready(()),
            Verdict::Pending(why) => Verdict::Pending(why),
        };
        self.until("rollout of", within, rolling_out).await.map(drop)
    }

    /// Has Argo CD sync them once, as a person would; this revision is the newest. After a failed
    /// sync that was taken back it undoes no change by hand until then.
    pub(crate) async fn synced_by_hand(self, within: Duration) -> Result<()> {
        // As its own syncs are.
        let once = json!({ "operation": { "sync": { "syncOptions": ["ServerSideApply=true"] } } });
        let (cluster, patch) = (self.apps.cluster, Patch::Merge(once));
        for name in &self.apps.names {
            let application = cluster.application(name);
            let asked = api(cluster)
                .patch(&application, &PatchParams::default(), &patch)
                .await;
            asked.with_context(|| format!("ask for a sync of {name} on {}", cluster.environment))?;
        }
        self.is("synced by hand to", within, Status::has_synced).await
    }

    async fn is(self, what: &str, within: Duration, is: impl Fn(&Status, &str) -> bool) -> Result<()> {
        let ready = |status: &Status, revision: &str| status.ready_if(is(status, revision));
        self.until(what, within, ready).await.map(drop)
    }

    async fn until<T>(
        self,
        what: &str,
        within: Duration,
        judge: impl Fn(&Status, &str) -> Verdict<T>,
    ) -> Result<Vec<T>> {
        let (what, revision) = (self.sentence(what), self.revision);
        let judge = |status: &Status| judge(status, revision);
        eventually(self.apps.step, &what, within, async || {
            self.apps.look(judge).await
        })
        .await
    }

    fn sentence(&self, what: &str) -> String {
        self.apps.sentence(&format!("{what} {}", short(self.revision)))
    }
}
