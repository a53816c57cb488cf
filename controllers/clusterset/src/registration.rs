//! The Secret by which Argo CD knows a cluster.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::cluster::{Cluster, ENVIRONMENT, PREFIX};
use crate::config::Secrets;

/// Who wrote a Secret; without it, a Secret is somebody else's and is never touched.
pub(crate) const MANAGER: &str = "clusterset";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What makes a Secret a cluster of Argo CD.
pub(crate) const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";
/// Tells Argo CD to leave a cluster alone.
const SKIP: &str = "argocd.argoproj.io/skip-reconcile";
/// Which cluster of EKS a Secret is for. Annotations, because an ARN cannot be a label.
const CLUSTER: &str = "gitops-loop/cluster";
const ARN: &str = "gitops-loop/arn";
/// Most characters of the name of a role in IAM.
const LONGEST_ROLE: usize = 64;

/// A cluster's Secret, with plain text in place of base64.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Registration {
    /// The Secret's name.
    pub(crate) name: String,
    /// Its labels, which the generator of an `ApplicationSet` selects by.
    pub(crate) labels: BTreeMap<String, String>,
    /// Its annotations.
    pub(crate) annotations: BTreeMap<String, String>,
    /// What Argo CD reads of it.
    pub(crate) data: BTreeMap<String, String>,
}

/// Without the credentials.
impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration")
            .field("name", &self.name)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

/// Why a cluster that wants to be a target gets no Secret.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    /// EKS does not say where it is.
    #[error("EKS says neither its endpoint nor who signs for it; wait until it is ACTIVE")]
    NoAddress,
    /// IAM has no room for the name.
    #[error(
        "its role would be called {role}, which is longer than the 64 characters of IAM; shorten TARGET_ROLE_PREFIX"
    )]
    RoleTooLong {
        /// The name.
        role: String,
    },
    /// Its ARN is none.
    #[error("EKS says that its ARN is {0}, which names no account")]
    NoAccount(String),
    /// Another Secret stands for the same address.
    #[error(
        "the Secret {secret} is for {server} already, and Argo CD would take either of the two; remove one"
    )]
    AddressTaken {
        /// The other one.
        secret: String,
        /// The address.
        server: String,
    },
    /// A Secret that this program did not make has the name.
    #[error("there is a Secret {0} that was made by somebody else; rename it")]
    NameTaken(String),
}

impl Registration {
    /// The Secret for `cluster`.
    pub(crate) fn of(cluster: &Cluster, settings: &Secrets) -> Result<Self, Refusal> {
        if cluster.endpoint.is_empty() || cluster.certificate_authority.is_empty() {
            return Err(Refusal::NoAddress);
        }
        let role = role_arn(cluster, &settings.target_role_prefix)?;
        let config = json!({
            "awsAuthConfig": {"clusterName": cluster.name, "roleARN": role},
            "tlsClientConfig": {"insecure": false, "caData": cluster.certificate_authority},
        });
        let mut labels = cluster.labels();
        labels.insert(SECRET_TYPE.to_owned(), "cluster".to_owned());
        labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
        let text = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let pairs = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            pairs.collect()
        };
        Ok(Self {
            name: secret_name(&cluster.name),
            // The value `false` too is written: what is left out would stay if somebody else had
            // written it.
            annotations: text(&[
                (CLUSTER, &cluster.name),
                (ARN, &cluster.arn),
                // Beside the label, so that one that was changed here differs from a tag that was.
                (ENVIRONMENT, labels.get(ENVIRONMENT).map_or("", String::as_str)),
                (SKIP, if settings.standby { "true" } else { "false" }),
            ]),
            data: text(&[
                ("name", &cluster.name),
                ("server", &cluster.endpoint),
                ("namespaces", &settings.target_namespaces),
                ("clusterResources", "true"),
                ("config", &config.to_string()),
            ]),
            labels,
        })
    }

    /// Whether this program made it.
    pub(crate) fn is_ours(&self) -> bool {
        self.labels.get(MANAGED_BY).is_some_and(|by| by == MANAGER)
    }

    /// The name of its cluster in EKS, or what Argo CD calls it.
    pub(crate) fn cluster(&self) -> Option<&str> {
        let name = self.annotations.get(CLUSTER).or_else(|| self.data.get("name"));
        name.map(String::as_str)
    }

    /// The ARN of its cluster.
    pub(crate) fn arn(&self) -> Option<&str> {
        self.annotations.get(ARN).map(String::as_str)
    }

    /// The environment that it was written for.
    pub(crate) fn environment(&self) -> Option<&str> {
        let noted = self.annotations.get(ENVIRONMENT);
        let noted = noted.or_else(|| self.labels.get(ENVIRONMENT));
        noted.map(String::as_str)
    }

    /// The address of its cluster.
    pub(crate) fn server(&self) -> Option<&str> {
        self.data.get("server").map(String::as_str)
    }

    /// Whether Argo CD leaves its cluster alone.
    pub(crate) fn stands_by(&self) -> bool {
        self.annotations.get(SKIP).is_some_and(|skip| skip == "true")
    }

    /// Whether `self` is all there in `found`, and no label that was a tag is there besides.
    pub(crate) fn is_in(&self, found: &Self) -> bool {
        let holds = |wanted: &BTreeMap<String, String>, found: &BTreeMap<String, String>| {
            wanted.iter().all(|(name, value)| found.get(name) == Some(value))
        };
        holds(&self.labels, &found.labels)
            && holds(&self.annotations, &found.annotations)
            && holds(&self.data, &found.data)
            && self.excess(found).is_empty()
    }

    /// The labels of `found` that look like tags of its cluster and are none: of tags that were
    /// taken away, or written by somebody else.
    pub(crate) fn excess<'f>(&self, found: &'f Self) -> Vec<&'f str> {
        let of_tags = found.labels.keys().filter(|name| name.starts_with(PREFIX));
        let excess = of_tags.filter(|name| !self.labels.contains_key(*name));
        excess.map(String::as_str).collect()
    }
}

/// The role of one cluster, in the account that the cluster is in.
fn role_arn(cluster: &Cluster, prefix: &str) -> Result<String, Refusal> {
    let role = format!("{prefix}{}", cluster.name);
    if role.len() > LONGEST_ROLE {
        return Err(Refusal::RoleTooLong { role });
    }
    let parts: Vec<_> = cluster.arn.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, "eks", _, account, ..] => {
            Ok(format!("arn:{partition}:iam::{account}:role/{role}"))
        }
        _ => Err(Refusal::NoAccount(cluster.arn.clone())),
    }
}

/// A name for Kubernetes. EKS also allows capitals and `_`, which are replaced, and then a hash
/// keeps apart what would be the same.
fn secret_name(cluster: &str) -> String {
    let plain = cluster.to_ascii_lowercase().replace('_', "-");
    let plain = plain.trim_end_matches('-');
    if plain == cluster {
        return format!("cluster-{cluster}");
    }
    let hash = Sha256::digest(cluster.as_bytes());
    let hash: String = hash
        .iter()
        .take(4)
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!("cluster-{plain}-{hash}")
}

#[cfg(test)]
pub(crate) mod tests;
