//! The two environments, and the branch that each is released from.

use std::fmt;

use clap::ValueEnum;

/// The branch that staging is released from; the overlays of both environments are changed there.
pub(crate) const MAIN_BRANCH: &str = "master";

/// Where the message board runs: a cluster, a table, and stacks of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Environment {
    /// Released from `master`, which builds
    Staging,
    /// Released from `production`, which never builds: it gets what staging was given
    Production,
}

impl Environment {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Staging => Self::Production,
            Self::Production => Self::Staging,
        }
    }

    /// The branch that it is released from.
    pub(crate) fn branch(self) -> &'static str {
        match self {
            Self::Staging => MAIN_BRANCH,
            Self::Production => "production",
        }
    }

    /// The one that is released from `branch`.
    pub(crate) fn of_branch(branch: &str) -> Option<Self> {
        [Self::Staging, Self::Production]
            .into_iter()
            .find(|environment| environment.branch() == branch)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_tells_its_environment() {
        for environment in [Environment::Staging, Environment::Production] {
            assert_eq!(Environment::of_branch(environment.branch()), Some(environment));
            assert_ne!(environment.other(), environment);
        }
        assert_eq!(Environment::of_branch("staging"), None);
    }
}
