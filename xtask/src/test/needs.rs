//! What the suites need besides cargo and kustomize, and how they are told where it is.

mod balancer; // wing: hub
mod cloud; // wing: cloud

use std::ffi::OsString;

use anyhow::Result;
use taskkit::build::DepInfo;
use taskkit::missing::Missing;
use taskkit::program; // wing: pipelines
use xshell::Shell;

use super::one_line;
use crate::fuzz; // wing: sample
use crate::supply::Emulators; // wing: sample
use crate::supply::{self, Kind, kind};

/// What a suite needs besides cargo and kustomize.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// AWS' command line, for a part of its tests. Where it cannot be had, the suite is told why
    /// and skips that part.
    AwsProgram,
    /// kubeconform and gitleaks, each for a part of its tests. Where one cannot be had, the suite
    /// is told why and skips that part.
    Checks,
    // wing: sample
    /// Containers, for a part of its tests. Where there is no engine, the suite is told why and
    /// skips that part.
    Containers,
    // end of wing
    // wing: hub
    /// A balancer, for all of them.
    Balancer,
    // end of wing
    // wing: browser
    /// A browser, for all of them.
    Browser,
    // end of wing
    // wing: dev
    /// The servers as `dev` runs them; and wapiti, for a part of its tests. Where it cannot be had,
    /// the suite is told why and skips that part.
    Servers,
    // end of wing
    // wing: sample
    /// schemathesis, for all of them.
    Fuzzer,
    // end of wing
    // wing: pipelines
    /// Runners and linters of CI files, for all of them.
    Pipelines,
    // end of wing
    // wing: cloud
    /// AWS' command line, emulators, and the backend's binary, for all of them.
    Cloud,
    // end of wing
}

/// Whether a suite can run.
pub(super) enum Ready {
    Yes {
        variables: Vec<(&'static str, OsString)>,
        // wing: sample
        /// What must not end before the tests do.
        holds: Option<Emulators>,
        // end of wing
        /// What the apps were made from that it starts.
        made: Vec<DepInfo>,
    },
    /// Not at all: the machine lacks something, for this reason.
    #[allow(
        dead_code,
        reason = "a copy may have no suite that needs something for all of its tests"
    )]
    No(String),
    /// The machine lacks nothing, and all the same it did not come about, for this reason.
    Broken(String),
}

impl Ready {
    fn with(variables: Vec<(&'static str, OsString)>) -> Self {
        Self::made(variables, Vec::new())
    }

    fn made(variables: Vec<(&'static str, OsString)>, made: Vec<DepInfo>) -> Self {
        Self::Yes {
            variables,
            holds: None, // wing: sample
            made,
        }
    }
}

impl Needs {
    /// Gets what is missing. A part of the tests that cannot run is told why by a variable.
    pub(super) fn ready(self, sh: &Shell, missing: Missing) -> Result<Ready> {
        match self.brought(sh, missing) {
            Err(error) if is_too_slow(&error) => Ok(Ready::Broken(one_line(&error))),
            ready => ready,
        }
    }

    fn brought(self, sh: &Shell, missing: Missing) -> Result<Ready> {
        // What takes too long today is no lack of this machine, and would be skipped whenever it is
        // busy.
        let no = |reason: anyhow::Error| {
            if is_too_slow(&reason) {
                Err(reason)
            } else {
                Ok(one_line(&reason))
            }
        };
        Ok(match self {
            Self::Nothing => Ready::with(Vec::new()),
            Self::Checks => Ready::with(supply::checks(sh, missing, no)?),
            Self::AwsProgram => Ready::with(vec![match supply::cloud(sh, missing) {
                Ok(folder) => ("CLOUD_TOOLS", folder.into_os_string()),
                Err(reason) => ("CLOUD_TOOLS_MISSING", no(reason)?.into()),
            }]),
            // wing: sample
            Self::Containers => match supply::emulators(sh, missing) {
                Ok(found) => Ready::Yes {
                    variables: found.variables().into(),
                    holds: Some(found),
                    made: Vec::new(),
                },
                Err(reason) if lacks(&reason) => {
                    Ready::with(vec![("TESTKIT_NO_AWS_IMAGE", one_line(&reason).into())])
                }
                Err(reason) => Ready::Broken(one_line(&reason)),
            },
            // end of wing
            // wing: cloud
            Self::Cloud => match cloud::ready(sh, missing) {
                Ok(tools) => Ready::with(cloud::build(sh, missing, tools)?),
                Err(reason) => Ready::No(no(reason)?),
            },
            // end of wing
            // wing: hub
            Self::Balancer => match balancer::ready(sh, missing) {
                Ok(program) => Ready::with(vec![("HAPROXY", program.into_os_string())]),
                Err(reason) => Ready::No(no(reason)?),
            },
            // end of wing
            // wing: browser
            Self::Browser => match crate::browser::ready(sh, missing) {
                Ok(more) => {
                    let made = crate::dev::everything(sh, missing)?;
                    let paths = more.into_iter();
                    let variables = paths.map(|(name, path)| (name, path.into_os_string()));
                    Ready::made(variables.collect(), made)
                }
                Err(reason) => Ready::No(no(reason)?),
            },
            // end of wing
            // wing: dev
            Self::Servers => {
                let made = crate::dev::everything(sh, missing)?;
                Ready::made(supply::scanner(sh, missing, no)?, made)
            }
            // end of wing
            // wing: sample
            Self::Fuzzer => match fuzz::ready(sh, missing) {
                Ok(variables) => Ready::with(variables),
                Err(reason) => Ready::No(no(reason)?),
            },
            // end of wing
            // wing: pipelines
            Self::Pipelines => match supply::pipelines(sh, missing) {
                Ok(()) => {
                    // The verbs that the CI files call.
                    let release = program::compile(sh, "release")?;
                    Ready::with(vec![("RELEASE", release.into_os_string())])
                }
                Err(reason) => Ready::No(no(reason)?),
            },
            // end of wing
        })
    }
}

// wing: sample
/// The machine has not got something that it may not be given, or that only a person can.
fn lacks(error: &anyhow::Error) -> bool {
    kind(error) == Some(Kind::Missing)
}
// end of wing

fn is_too_slow(error: &anyhow::Error) -> bool {
    kind(error) == Some(Kind::Deadline)
}
