//! What the verifier is told, by environment.

use std::time::Duration;

use clap::{Args, Parser, ValueEnum};

/// Reports to the forge which releases this cluster has run healthy for long enough.
#[derive(Debug, Parser)]
pub struct Settings {
    /// What its reports are called, but for the app at the end: `verified/` and the name of the
    /// environment in project.toml.
    #[arg(long, env = "REPORTS")]
    pub reports: String,
    /// The namespace of the apps.
    #[arg(long, env = "APPS_NAMESPACE")]
    pub namespace: String,
    /// The namespace of Argo CD.
    #[arg(long, env = "ARGOCD_NAMESPACE", default_value = "argocd")]
    pub argocd: String,
    /// How long an app has to stay healthy, in seconds.
    #[arg(long, env = "SOAK_SECONDS", value_parser = seconds)]
    pub soak: Duration,
    /// Between two rounds, in seconds.
    #[arg(long, env = "INTERVAL_SECONDS", default_value = "1", value_parser = seconds)]
    pub interval: Duration,
    /// A path that every app with a Service answers with a status of success.
    #[arg(long, env = "CHECK_PATH", default_value = "/healthz")]
    pub check_path: String,
    /// What is reported to.
    #[command(flatten)]
    pub forge: ForgeSettings,
}

/// The forge, and the repository there.
#[derive(Debug, Args)]
pub struct ForgeSettings {
    /// Which kind of forge.
    #[arg(long = "forge", env = "FORGE")]
    pub kind: Kind,
    /// Base address of its API; of `CodeCommit`, its endpoint in the region.
    #[arg(long = "forge-api", env = "FORGE_API")]
    pub api: String,
    /// The repository that Argo CD reads: owner/name; of `CodeCommit`, its name.
    #[arg(long = "forge-repo", env = "FORGE_REPO")]
    pub repository: String,
    /// The project whose pipeline is started, on GitLab, where that is not the repository above.
    #[arg(long = "ci-repo", env = "CI_REPO")]
    pub ci_repository: Option<String>,
    /// The branch whose pipeline is started, on GitLab: that of the first environment.
    #[arg(long = "forge-branch", env = "FORGE_BRANCH")]
    pub branch: Option<String>,
    /// The Secret beside this pod that has the forge's token under the key `token`. `CodeCommit`
    /// takes none, but the role of the pod.
    #[arg(long = "forge-token-secret", env = "FORGE_TOKEN_SECRET")]
    pub token_secret: Option<String>,
}

/// What is wrong where a pipeline would be started of a branch that nobody has named.
pub(crate) const NO_BRANCH: &str =
    "FORGE_BRANCH is not set: it names the branch whose pipeline GitLab starts";

/// Where something can be said about a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// GitHub
    Github,
    /// Gitea
    Gitea,
    /// GitLab
    Gitlab,
    /// AWS `CodeCommit`
    Codecommit,
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: u64 = text
        .parse()
        .map_err(|_| format!("{text} is no whole number of seconds"))?;
    if seconds == 0 {
        return Err("give it at least 1 second".to_owned());
    }
    Ok(Duration::from_secs(seconds))
}
