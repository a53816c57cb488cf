//! The two environments and every name that follows from which one is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The apps that each environment runs, in the order in which they are synced first.
pub(crate) const APPS: [&str; 2] = ["backend", "frontend"];

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

    /// The containers that are the cluster's nodes; also their host names on the network. The first
    /// one has the control plane, and the ports that visitors come by. A second one, where a node
    /// can be emptied, is in staging only: it costs memory.
    pub(crate) fn nodes(self) -> Vec<String> {
        let cluster = self.cluster();
        let mut nodes = vec![format!("{cluster}-control-plane")];
        if self == Self::Staging {
            nodes.push(format!("{cluster}-worker"));
        }
        nodes
    }

    /// The first of [`Self::nodes`].
    pub(crate) fn control_plane(self) -> String {
        self.nodes().swap_remove(0)
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
