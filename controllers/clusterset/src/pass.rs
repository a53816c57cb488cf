//! One pass: looks at both sides, and does what follows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use k8s_openapi::jiff::Timestamp;

use crate::catch_up::{Application, Missed};
use crate::cluster::Observation;
use crate::config::Secrets;
use crate::decide::{Action, Decision, decide};
use crate::eks::Eks;
use crate::hub::{self, Hub};
use crate::metrics::Passes;
use crate::registration::Registration;
use crate::run::Work;

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
        let seen = self.eks.observe(&known).await;
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
        let (mut answers, mut given_up) = (BTreeMap::new(), BTreeSet::new());
        for app in of_ours {
            let cluster = app.spec.destination.name.as_str();
            if woken.contains(cluster) {
                self.hub.refresh(app).await?;
                self.passes.did("refresh");
                continue;
            }
            let missed = app.missed(Timestamp::now());
            if let Some(Missed::GivenUp(why)) = &missed {
                self.say_given_up(app, why);
                given_up.insert(app.metadata.name.clone());
            } else if let Some(Missed::Due(operation)) = &missed
                && self.answers(seen, cluster, &mut answers).await
            {
                self.repeat(app, operation).await;
            }
        }
        self.passes.gave_up(given_up.len());
        self.given_up = given_up;
        let silent = answers.into_iter().filter(|(_, answers)| !answers);
        self.awaited = silent.map(|(cluster, _)| cluster.to_owned()).collect();
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

    /// Whether the API of a cluster answers; asked once in a pass.
    async fn answers<'c>(
        &self,
        seen: &Observation,
        cluster: &'c str,
        known: &mut BTreeMap<&'c str, bool>,
    ) -> bool {
        if let Some(answers) = known.get(cluster) {
            return *answers;
        }
        let answer = match seen.cluster(cluster) {
            Some(cluster) => hub::reach(&cluster.endpoint, &cluster.certificate_authority).await,
            None => Err(anyhow::anyhow!("EKS did not describe it")),
        };
        if let Err(error) = &answer
            && !self.awaited.contains(cluster)
        {
            tracing::warn!(
                cluster,
                error = format!("{error:#}"),
                "a release waits for the cluster"
            );
        }
        known.insert(cluster, answer.is_ok());
        answer.is_ok()
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

    /// What stays as it is, each once.
    fn say(&mut self, seen: &Observation, decision: &Decision) {
        let doubts = seen
            .doubts
            .iter()
            .map(|doubt| format!("nothing will be removed: {doubt}"));
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

/// A client of the hub.
pub(crate) async fn client() -> Result<kube::Client> {
    let client = kube::Client::try_default().await;
    client.context("find the hub; in a pod its account leads there, elsewhere KUBECONFIG")
}
