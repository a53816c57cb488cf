//! Which of several replicas is at work: the one that holds a Lease of Kubernetes.
//!
//! Own code, because the crates for it are made for other versions of `kube` and compare the clocks
//! of two machines. Here, as in Kubernetes' own controllers, a lease has run out when it was not
//! seen to change for as long as it is valid; and it is written only onto the state that was read.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};

use crate::run::Leadership;

/// How long a holder that says nothing more keeps it.
pub(crate) const VALID: Duration = Duration::from_secs(15);
const NAME: &str = "clusterset";

/// One replica's view of the lease.
pub(crate) struct Election {
    leases: Api<Lease>,
    holder: String,
    /// The state that was last seen, and since when.
    seen: Option<(String, Instant)>,
}

impl Election {
    /// For the replica of this name, by the lease in this namespace.
    pub(crate) fn new(client: &Client, namespace: &str, holder: &str) -> Self {
        Self {
            leases: Api::namespaced(client.clone(), namespace),
            holder: holder.to_owned(),
            seen: None,
        }
    }

    fn has_run_out(&mut self, lease: &Lease) -> bool {
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        match &self.seen {
            Some((seen, since)) if *seen == version => since.elapsed() > VALID,
            _ => {
                self.seen = Some((version, Instant::now()));
                false
            }
        }
    }

    /// Writes it for this replica; false if another one was quicker.
    async fn write(&self, found: Option<Lease>, transitions: i32) -> Result<bool> {
        let now = MicroTime(Timestamp::now());
        let spec = LeaseSpec {
            holder_identity: Some(self.holder.clone()),
            lease_duration_seconds: i32::try_from(VALID.as_secs()).ok(),
            lease_transitions: Some(transitions),
            renew_time: Some(now),
            ..LeaseSpec::default()
        };
        let metadata = |found: Option<ObjectMeta>| {
            found.unwrap_or_else(|| ObjectMeta {
                name: Some(NAME.to_owned()),
                ..ObjectMeta::default()
            })
        };
        let is_new = found.is_none();
        let lease = Lease {
            metadata: metadata(found.map(|lease| lease.metadata)),
            spec: Some(spec),
        };
        let params = PostParams::default();
        let written = if is_new {
            self.leases.create(&params, &lease).await
        } else {
            self.leases.replace(NAME, &params, &lease).await
        };
        match written {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error).context("write the Lease"),
        }
    }
}

impl Leadership for Election {
    async fn held(&mut self) -> Result<bool> {
        let Some(lease) = self.leases.get_opt(NAME).await.context("read the Lease")? else {
            return self.write(None, 0).await;
        };
        let spec = lease.spec.clone().unwrap_or_default();
        let transitions = spec.lease_transitions.unwrap_or_default();
        if spec.holder_identity.as_deref() == Some(&self.holder) {
            return self.write(Some(lease), transitions).await;
        }
        let is_free = spec.holder_identity.is_none_or(|holder| holder.is_empty());
        if is_free || self.has_run_out(&lease) {
            return self.write(Some(lease), transitions + 1).await;
        }
        Ok(false)
    }

    async fn give_back(&self) -> Result<()> {
        let lease = self.leases.get_opt(NAME).await.context("read the Lease")?;
        let Some(mut lease) = lease else { return Ok(()) };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_deref() != Some(&self.holder) {
            return Ok(());
        }
        spec.holder_identity = None;
        let replaced = self.leases.replace(NAME, &PostParams::default(), &lease).await;
        replaced.map(drop).context("give the Lease back")
    }
}
