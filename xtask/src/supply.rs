//! What tasks and tests get from outside by the program `supply`: programs and images, and the
//! variables that lead tests to them.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Error, Result};
use serde::Deserialize;
use xshell::Shell;

use taskkit::missing::Missing;
use taskkit::supply::Running; // wing: sample
use taskkit::supply::program; // wing: secrets
use taskkit::supply::{Program, get};

pub(crate) use taskkit::supply::{Kind, kind, kustomize};

// wing: sample
/// The folder of schemathesis, with which the API is fuzzed.
pub(crate) fn schemathesis(sh: &Shell, missing: Missing) -> Result<PathBuf> {
    get(sh, "schemathesis", missing)
}
// end of wing

// wing: browser
/// The script of axe-core, which looks for faults in a page.
pub(crate) fn axe_core(sh: &Shell, missing: Missing) -> Result<PathBuf> {
    get(sh, "axe-core", missing)
}
// end of wing

type Variables = Vec<(&'static str, OsString)>;

// wing: dev
/// Variables that lead the tests to wapiti; where it cannot be had, why, if `excuse` takes that for
/// a reason.
pub(crate) fn scanner(
    sh: &Shell,
    missing: Missing,
    excuse: impl Fn(Error) -> Result<String>,
) -> Result<Variables> {
    Ok(match get::<PathBuf>(sh, "wapiti", missing) {
        Ok(folder) => vec![
            ("WAPITI", folder.join("bin/wapiti").into()),
            ("WAPITI_MODULES", folder.into()),
        ],
        Err(reason) => vec![("WAPITI_MISSING", excuse(reason)?.into())],
    })
}
// end of wing

/// The folder of cfn-lint, AWS' command line and its emulators.
pub(crate) fn cloud(sh: &Shell, missing: Missing) -> Result<PathBuf> {
    get(sh, "cloud", missing)
}

/// kubeconform and what it reads.
#[derive(Debug, Deserialize)]
struct Kubeconform {
    program: PathBuf,
    schemas: PathBuf,
    argocd: PathBuf,
}

/// Variables that lead the tests to kubeconform, its schemas and gitleaks; in place of one that
/// cannot be had, why, if `excuse` takes that for a reason.
pub(crate) fn checks(
    sh: &Shell,
    missing: Missing,
    excuse: impl Fn(Error) -> Result<String>,
) -> Result<Variables> {
    let variables = match get::<Kubeconform>(sh, "kubeconform", missing) {
        Ok(found) => vec![
            ("KUBECONFORM", found.program.into_os_string()),
            ("KUBECONFORM_SCHEMAS", found.schemas.into_os_string()),
            ("ARGOCD_MANIFESTS", found.argocd.into_os_string()),
        ],
        Err(reason) => vec![("KUBECONFORM_MISSING", excuse(reason)?.into())],
    };
    // wing: secrets
    let mut variables = variables;
    variables.push(match gitleaks(sh, missing) {
        Ok(program) => ("GITLEAKS", program.into_os_string()),
        Err(reason) => ("GITLEAKS_MISSING", excuse(reason)?.into()),
    });
    // end of wing
    Ok(variables)
}

// wing: secrets
/// The path of gitleaks, which looks for secrets.
pub(crate) fn gitleaks(sh: &Shell, missing: Missing) -> Result<PathBuf> {
    program(sh, "gitleaks", "GITLEAKS", missing)
}
// end of wing

// wing: pipelines
/// Gets the runners and linters of CI files, and AWS's program, which the files call; the tests
/// find them in the cache.
pub(crate) fn pipelines(sh: &Shell, missing: Missing) -> Result<()> {
    let question = ["get", "act", "gitlab-ci-local", "linters", "cloud"];
    Program::compiled(sh)?
        .ask(&question, missing)
        .map(|_: serde::de::IgnoredAny| ())
}
// end of wing

// wing: bench
/// What Go is started with as `GOTOOLCHAIN`, so that it compiles as new modules as ours.
pub(crate) fn go(sh: &Shell, missing: Missing) -> Result<String> {
    #[derive(Deserialize)]
    struct Compilers {
        go: String,
    }
    let Compilers { go } = Program::compiled(sh)?.ask(&["toolchain"], missing)?;
    Ok(go)
}
// end of wing

/// What this machine lacks, and what is known of the support of what is pinned.
#[derive(Debug, Deserialize)]
pub(crate) struct Findings {
    pub(crate) faults: Vec<String>,
    pub(crate) support: Support,
}

/// In words, by what a person may do about it.
#[derive(Debug, Deserialize)]
pub(crate) struct Support {
    pub(crate) due: Vec<String>,
    pub(crate) first: Option<String>,
    pub(crate) undated: Vec<String>,
    pub(crate) kept: Vec<String>,
}

/// Installs what can be installed and says what is missing then.
pub(crate) fn examine(sh: &Shell, missing: Missing) -> Result<Findings> {
    Program::compiled(sh)?.ask(&["doctor"], missing)
}

// wing: sample
/// The databases that run in containers: their image, and the engine that starts it, which answers
/// as long as this lives.
pub(crate) struct Emulators {
    image: String,
    socket: PathBuf,
    _engine: Running,
}

impl Emulators {
    /// Variables by which the crate `testkit` finds both.
    pub(crate) fn variables(&self) -> [(&'static str, OsString); 2] {
        let socket = format!("unix://{}", self.socket.display());
        [
            ("DOCKER_HOST", socket.into()),
            ("TESTKIT_AWS_IMAGE", self.image.clone().into()),
        ]
    }
}

/// Gets the image where it is not there yet, and makes the engine answer to this process alone.
pub(crate) fn emulators(sh: &Shell, missing: Missing) -> Result<Emulators> {
    #[derive(Deserialize)]
    struct Found {
        image: String,
        socket: PathBuf,
    }
    let (Found { image, socket }, engine) = Program::compiled(sh)?.start(&["emulator"], missing)?;
    Ok(Emulators {
        image,
        socket,
        _engine: engine,
    })
}
// end of wing
