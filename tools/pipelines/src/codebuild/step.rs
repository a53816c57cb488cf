//! The phases of a build in their order, and which follows a failure.

use serde::Deserialize;

/// `on-failure` of a phase.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum OnFailure {
    /// No phase follows.
    Abort,
    /// The next phase follows.
    Continue,
}

/// The phases that run commands, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `install`
    Install,
    /// `pre_build`
    PreBuild,
    /// `build`
    Build,
    /// `post_build`
    PostBuild,
}

impl Step {
    /// The name a buildspec uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::PreBuild => "pre_build",
            Self::Build => "build",
            Self::PostBuild => "post_build",
        }
    }

    /// Whether the next phase runs after a failure here: of all phases only `build` is followed by
    /// one, unless it says otherwise.
    pub(crate) fn goes_on_after_failure(self, on_failure: Option<OnFailure>) -> bool {
        match on_failure {
            Some(OnFailure::Abort) => false,
            Some(OnFailure::Continue) => true,
            None => self == Self::Build,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_build_phase_is_followed_by_the_next() {
        assert!(!Step::PreBuild.goes_on_after_failure(None));
        assert!(Step::Build.goes_on_after_failure(None));
        assert!(!Step::Build.goes_on_after_failure(Some(OnFailure::Abort)));
        assert!(Step::Install.goes_on_after_failure(Some(OnFailure::Continue)));
    }
}
