//! Where the apps run: a cluster, a table, and stacks of its own.

use std::fmt;

use semver::VersionReq; // wing: versions
use serde::{Deserialize, Serialize, Serializer};

/// What every name of a report begins with that says what an environment has verified. The
/// workflow that GitHub starts for such reports, and the manifests of the verifier, repeat it.
pub const VERIFIED: &str = "verified/";

/// One of `[[environments]]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    name: String,
    branch: String,
    nodes: usize,
    cluster: String,
    stack: String,
    verify: bool,
    follows: Option<VersionReq>, // wing: versions
    is_first: bool,
}

/// An environment as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) branch: String,
    #[serde(default = "one")]
    pub(crate) nodes: usize,
    #[serde(default)]
    pub(crate) verify: bool,
    // wing: versions
    pub(crate) follows: Option<String>,
    // end of wing
}

fn one() -> usize {
    1
}

/// All, with what follows from their place and from the project's names.
pub(crate) fn in_order(written: Vec<Written>, project: &str, application: &str) -> Vec<Environment> {
    let environment = |(at, written)| {
        let Written {
            name,
            branch,
            nodes,
            verify,
            follows, // wing: versions
        } = written;
        Environment {
            cluster: format!("{project}-{name}"),
            stack: format!("{application}-{name}"),
            name,
            branch,
            nodes,
            verify,
            // wing: versions
            // What is no range was refused before.
            follows: follows.and_then(|range| range.parse().ok()),
            // end of wing
            is_first: at == 0,
        }
    };
    written.into_iter().enumerate().map(environment).collect()
}

/// What is called and built as an environment and is none: nothing is released to it.
pub(crate) fn beside(project: &str, name: &str) -> Environment {
    Environment {
        name: name.to_owned(),
        branch: String::new(),
        nodes: 1,
        verify: false,
        follows: None, // wing: versions
        cluster: format!("{project}-{name}"),
        stack: String::new(),
        is_first: false,
    }
}

impl Environment {
    /// As in the names of its overlays.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The branch that it is released from.
    pub fn branch(&self) -> &str {
        &self.branch
    }

    /// How many nodes its local cluster has.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Whether the environment behind it is given only what has been verified in this one
    /// (docs/PROMOTION.md).
    pub fn verifies(&self) -> bool {
        self.verify
    }

    // wing: versions
    /// The versions of which it is given the highest, in place of what its branch has
    /// (docs/VERSIONS.md).
    pub fn follows(&self) -> Option<&VersionReq> {
        self.follows.as_ref()
    }
    // end of wing

    /// What the reports on the app are called by which it says what it has verified.
    pub fn report_on(&self, app: &str) -> String {
        format!("{VERIFIED}{}/{app}", self.name)
    }

    /// Whether a report of this name is one of its own.
    pub(crate) fn has_reported(&self, report: &str) -> bool {
        let rest = report.strip_prefix(VERIFIED);
        let rest = rest.and_then(|rest| rest.strip_prefix(&self.name));
        rest.is_some_and(|app| app.starts_with('/'))
    }

    /// The name of its cluster.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The stack of what its apps share.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// Whether its branch builds: the first one's does, the others are given what was built for it.
    pub fn builds(&self) -> bool {
        self.is_first
    }
}

/// By its name alone: the rest is in the file.
impl Serialize for Environment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
