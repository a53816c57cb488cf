//! One pass: looks at both sides, and does what follows.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use futures_util::stream::{self, StreamExt as _};
use k8s_openapi::jiff::Timestamp;

use crate::catch_up::{Application, Missed};
use crate::cluster::{Cluster, Observation};
use crate::config::Secrets;
use crate::decide::{Action, Decision, decide};
use crate::eks::Eks;
use crate::hub::{self, Hub};
use crate::metrics::Passes;
use crate::registration::Registration;
use crate::run::Work;

/// How many clusters are asked at the same time whether they answer: one that is silent takes two
/// seconds.
const AT_ONCE: usize = 32;

/// What a pass needs, and what the last one said: a state that stays is logged once.
pub(crate) struct Pass {
    pub(crate) eks: Eks,
    pub(crate) hub: Hub,
    pub(crate) settings: Secrets,
    pub(crate) passes: Passes,
    pub(crate) said: BTreeSet<String>,
    /// Clusters that did not answer and have missed something.
    pub(crate) awaited: BTreeSet<String>,
    /// Applications whose sync is not repeated any more.
    pub(crate) given_up: BTreeSet<String>,
}

impl Work for Pass {
    async fn run(&mut self) -> Result<()> {
        let secrets = self.hub.registered().await?;
        let ours = secrets.iter().filter(|secret| secret.is_ours());
        let known: BTreeSet<_> = ours.filter_map(Registration::cluster).collect();
        let listed = self.eks.list().await;
        if let Err(doubt) = &listed {
            // Whoever does not list clusters may not describe them in time either.
            self.say_first(doubted(doubt));
        }
        let seen = self.eks.observe(listed, &known).await;
        if seen.is_complete() {
            self.passes.saw_all();
        }
        let decision = decide(&seen, &secrets, &self.settings);
        self.passes.decided(&decision, known.len());
        self.say(&seen, &decision);
        let (mut woken, mut failed) = (BTreeSet::new(), None);
        for action in &decision.actions {
            // What is refused for one cluster must not hold up the others.
            match self.carry_out(action).await {
                Err(error) => failed = failed.or(Some(error)),
                Ok(()) => woken.extend(action.wakes().map(str::to_owned)),
            }
        }
        if !self.settings.standby {
            self.look_after_applications(&seen, &known, &woken).await?;
        }
        failed.map_or(Ok(()), Err)
    }
}

impl Pass {
    async fn carry_out(&self, action: &Action) -> Result<()> {
        match action {
            Action::Apply { secret, .. } => {
                self.hub.apply(secret).await?;
                tracing::info!(
                    cluster = secret.cluster(),
                    secret = secret.name,
                    "the cluster is registered"
                );
            }
            Action::Remove { secret, cluster, why } => {
                self.hub.remove(secret).await?;
                tracing::warn!(
                    cluster,
                    secret,
                    why,
                    "the cluster is no longer registered; what runs there stays"
                );
            }
        }
        self.passes.did(action.name());
        Ok(())
    }

    /// Wakes Applications whose cluster no longer stands by, and repeats what clusters have missed.
    async fn look_after_applications(
        &mut self,
        seen: &Observation,
        ours: &BTreeSet<&str>,
        woken: &BTreeSet<String>,
    ) -> Result<()> {
        let applications = self.hub.applications().await?;
        let of_ours = applications
            .iter()
            .filter(|app| ours.contains(app.spec.destination.name.as_str()));
        let (mut due, mut given_up) = (Vec::new(), BTreeSet::new());
        for app in of_ours {
            let cluster = app.spec.destination.name.as_str();
            if woken.contains(cluster) {
                self.hub.refresh(app).await?;
                self.passes.did("refresh");
                continue;
            }
            match app.missed(Timestamp::now()) {
                Some(Missed::GivenUp(why)) => {
                    self.say_given_up(app, &why);
                    given_up.insert(app.metadata.name.clone());
                }
                Some(Missed::Due(operation)) => due.push((app, operation)),
                None => {}
            }
        }
        self.passes.gave_up(given_up.len());
        self.given_up = given_up;
        let clusters = due.iter().map(|(app, _)| app.spec.destination.name.as_str());
        let clusters: BTreeSet<_> = clusters.collect();
        let answering = self.answering(seen, &clusters).await;
        for (app, operation) in &due {
            if answering.contains(app.spec.destination.name.as_str()) {
                self.repeat(app, operation).await;
            }
        }
        let silent = clusters.difference(&answering);
        self.awaited = silent.map(|cluster| (*cluster).to_owned()).collect();
        Ok(())
    }

    fn say_given_up(&self, app: &Application, why: &str) {
        let name = &app.metadata.name;
        if !self.given_up.contains(name) {
            tracing::warn!(
                application = name,
                cluster = app.spec.destination.name,
                why,
                "the sync fails each time it is repeated: no more until there is a new commit, or somebody starts it"
            );
        }
    }

    /// Those of the clusters whose API answers.
    async fn answering<'c>(&self, seen: &Observation, clusters: &BTreeSet<&'c str>) -> BTreeSet<&'c str> {
        let asked: Vec<_> = clusters.iter().map(|name| reach(seen.cluster(name))).collect();
        let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        let mut answering = BTreeSet::new();
        for (&cluster, answer) in clusters.iter().zip(answers) {
            match answer {
                Ok(()) => {
                    answering.insert(cluster);
                }
                Err(error) if !self.awaited.contains(cluster) => tracing::warn!(
                    cluster,
                    error = format!("{error:#}"),
                    "a release waits for the cluster"
                ),
                Err(_) => {}
            }
        }
        answering
    }

    /// A conflict, because something else has begun meanwhile, is looked at in the next pass.
    async fn repeat(&self, app: &Application, operation: &serde_json::Value) {
        let (name, cluster) = (&app.metadata.name, &app.spec.destination.name);
        match self.hub.operate(app, operation).await {
            Ok(()) => {
                tracing::info!(
                    application = name,
                    cluster,
                    "the cluster is back: the sync it has missed is repeated"
                );
                self.passes.did("repeat");
            }
            Err(error) => tracing::warn!(application = name, error = format!("{error:#}"), "not repeated"),
        }
    }

    /// What a pass that is ended may not come to say.
    fn say_first(&mut self, message: String) {
        if !self.said.contains(&message) {
            tracing::warn!("{message}");
            self.said.insert(message);
        }
    }

    /// What stays as it is, each once.
    fn say(&mut self, seen: &Observation, decision: &Decision) {
        let doubts = seen.doubts.iter().map(|doubt| doubted(doubt));
        let kept = decision.kept.iter();
        let kept = kept.map(|kept| format!("the Secret of {} stays: {}", kept.cluster, kept.why));
        let refused = decision.refused.iter();
        let refused =
            refused.map(|refused| format!("{} is not registered: {}", refused.cluster, refused.why));
        let now: BTreeSet<_> = doubts.chain(kept).chain(refused).collect();
        for message in now.difference(&self.said) {
            tracing::warn!("{message}");
        }
        self.said = now;
    }
}

fn doubted(doubt: &str) -> String {
    format!("nothing will be removed: {doubt}")
}

/// An error if the API of a cluster says nothing.
async fn reach(cluster: Option<&Cluster>) -> Result<()> {
    let cluster = cluster.context("EKS did not describe it")?;
    hub::reach(&cluster.endpoint, &cluster.certificate_authority).await
}

/// A client of the hub.
pub(crate) async fn client() -> Result<kube::Client> {
    let client = kube::Client::try_default().await;
    client.context("find the hub; in a pod its account leads there, elsewhere KUBECONFIG")
}
