//! An add-on that hangs: its process is there, takes connections and does nothing, until it is
//! ended and its node starts it anew.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt as _};

use super::{is, pod, unhealthy};
use crate::run::{StepHandle, Testbed};
use crate::scenarios::pods::{restarts, signal};

/// Three readiness probes, two seconds apart, that wait a second each, and a look of Argo CD.
const NOTICED: Duration = Duration::from_secs(30);

/// Stopped in the first environment, until this is ended. Where it is dropped, the liveness probe
/// ends the process within a minute.
pub(super) struct Hung<'a> {
    testbed: &'a Testbed,
    name: &'static str,
    pod: Pod,
    since: Instant,
}

impl<'a> Hung<'a> {
    /// Stops the process of an add-on.
    pub(super) async fn addon(testbed: &'a Testbed, name: &'static str) -> Result<Self> {
        let pod = pod(testbed.first(), name).await?;
        signal(&testbed.harness, &pod, "SIGSTOP").await?;
        let since = Instant::now();
        Ok(Self {
            testbed,
            name,
            pod,
            since,
        })
    }

    /// Waits until its Application says that something is wrong with it.
    pub(super) async fn noticed(&self, step: &StepHandle) -> Result<()> {
        let said = unhealthy(step, self.testbed.first(), self.name, NOTICED).await?;
        step.measured(
            &format!("{} hangs to not Healthy", self.name),
            self.since.elapsed().as_secs_f64(),
        );
        step.evidence(format!("{} hung, and was {said}", self.name));
        Ok(())
    }

    /// Ends the process, as the liveness probe does later, and waits until another one is Healthy.
    /// An error where its node came first: what was seen last may be of a process that did not
    /// hang.
    pub(super) async fn end(self, step: &StepHandle) -> Result<()> {
        let pods: Api<Pod> = Api::namespaced(self.testbed.first().client.clone(), self.name);
        let now = pods.get(&self.pod.name_any()).await;
        let now = now.with_context(|| format!("read the pod of {}", self.name))?;
        ensure!(
            restarts(&now) == restarts(&self.pod),
            "{} hung for too long: its node has already started it anew",
            self.name
        );
        signal(&self.testbed.harness, &self.pod, "SIGKILL").await?;
        is(self.testbed, step, self.name, "Healthy").await
    }
}
