//! Where Argo CD runs: in each cluster, or in one that manages the others.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::scenario::Suite;

/// The topologies that a project may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Topology {
    /// An Argo CD in each cluster
    #[default]
    Each,
    /// One Argo CD in a cluster of its own, the hub; the others become its targets by their tags
    Hub,
}

impl Topology {
    /// What runs where nothing is asked for.
    pub(crate) fn suites(self) -> &'static [Suite] {
        match self {
            Self::Each => &[Suite::Main, Suite::Failures],
            Self::Hub => &[Suite::Main],
        }
    }

    /// Whether the scenarios of a suite hold in it. What the others look at is the Argo CD of each
    /// cluster.
    pub(crate) fn has(self, suite: Suite) -> bool {
        match self {
            Self::Each => suite != Suite::Clusters,
            Self::Hub => [Suite::Main, Suite::Clusters].contains(&suite),
        }
    }

    /// As on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Each => "each",
            Self::Hub => "hub",
        }
    }
}
