//! The two environments and every name that follows from which one is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a commit goes live: first `Staging`, then `Production`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Environment {
    Staging,
    Production,
}

impl Environment {
    /// Both, in the order of promotion.
    pub(crate) const ALL: [Self; 2] = [Self::Staging, Self::Production];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// The branch whose pushes are released to this environment.
    pub(crate) fn branch(self) -> &'static str {
        match self {
            Self::Staging => "master",
            Self::Production => "production",
        }
    }

    pub(crate) fn cluster(self) -> String {
        format!("gitops-loop-{}", self.name())
    }

    /// The container that is the cluster's only node; also its host name on the network.
    pub(crate) fn node(self) -> String {
        format!("{}-control-plane", self.cluster())
    }

    pub(crate) fn stack(self) -> String {
        format!("message-board-{}", self.name())
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
