//! What the CI system tells the release verbs, by environment: read once, each bad value named.
//!
//! One struct per concern. Secrets come by environment only: arguments are for everybody on the
//! machine to read.

mod forms;
mod read;
pub(in crate::ci) mod release_apps;

use anyhow::{Context as _, Result, bail, ensure};

use self::read::{optional, password, required, token};
pub(crate) use self::release_apps::release_apps;
use crate::environment::{Environment, environments, project};

/// Where images are kept. Holds a secret, so it has no `Debug`.
#[derive(Clone)]
pub(crate) struct Registry {
    /// Host and port, the first part of `IMAGE_REGISTRY`.
    pub(crate) host: String,
    /// The rest of `IMAGE_REGISTRY`: the folder the app's name is added to.
    pub(crate) folder: String,
    /// `REGISTRY_USER` and `REGISTRY_PASSWORD`: both or none.
    pub(crate) credentials: Option<(String, String)>,
    /// `REGISTRY_INSECURE=true`: plain http.
    pub(crate) insecure: bool,
}

/// `SIGNING_KEY`: what images are signed with. The password of a key is cosign's own affair
/// (`COSIGN_PASSWORD`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signing {
    /// `keyless`: a certificate for the identity of this run, from Sigstore and in its public log.
    Keyless,
    /// A key by any name that cosign knows: a file, `awskms://…`. Nothing is written to a public
    /// log.
    Key(String),
}

/// `FORGE`: who keeps the proposals. Holds secrets, so it has no `Debug`.
#[derive(Clone)]
pub(crate) enum Forge {
    /// Gitea and GitHub answer the calls needed here in the same shapes.
    GitHubApi(GitHubApi),
    /// Makes merge requests of pushes; asked by push options alone, and for what was reported of a
    /// commit by its API, where `FORGE_API` names it.
    GitLab(Option<GitLab>),
    /// `FORGE_REPO`: the name of the repository; asked through the `aws` program with its own
    /// credentials.
    CodeCommit {
        repository: String,
        /// `FORGE_REPORTER`: the roles whose comments on commits are reports, without the
        /// environment at their end.
        reporter: Option<String>,
    },
}

/// The API of GitLab.
#[derive(Clone)]
pub(crate) struct GitLab {
    /// `FORGE_API`: base address, e.g. `https://gitlab.com/api/v4`.
    pub(crate) api: String,
    /// `FORGE_REPO`: the path of the project, its groups included.
    pub(crate) project: String,
    /// `FORGE_TOKEN`; a public project is read without.
    pub(crate) token: Option<String>,
}

/// A forge with GitHub's API.
#[derive(Clone)]
pub(crate) struct GitHubApi {
    pub(crate) kind: GitHubApiKind,
    /// `FORGE_API`: base address of the API, e.g. `https://api.github.com`.
    pub(crate) api: String,
    /// `FORGE_REPO`: owner/name.
    pub(crate) repo: String,
    /// `FORGE_TOKEN`: may push branches and open pull requests.
    pub(crate) token: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GitHubApiKind {
    Gitea,
    GitHub,
}

/// `CONTAINER_ENGINE`: the program that builds and pushes images; its own variables (`DOCKER_HOST`,
/// ...) reach it as is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Docker,
    Podman,
}

impl Registry {
    pub(crate) fn from_env() -> Result<Self> {
        let address = required("IMAGE_REGISTRY")?;
        let (host, folder) = forms::registry(&address)?;
        let credentials = match (optional("REGISTRY_USER")?, password("REGISTRY_PASSWORD")?) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => bail!("REGISTRY_USER and REGISTRY_PASSWORD go together: set both or none"),
        };
        if let Some((user, _)) = &credentials {
            ensure!(
                !user.contains(':'),
                "REGISTRY_USER holds a colon; what follows it goes into REGISTRY_PASSWORD"
            );
        }
        let insecure = match optional("REGISTRY_INSECURE")?.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => bail!("REGISTRY_INSECURE={other}: expected true or false"),
        };
        Ok(Self {
            host,
            folder,
            credentials,
            insecure,
        })
    }

    /// The address of its API.
    pub(crate) fn base(&self) -> String {
        let scheme = if self.insecure { "http" } else { "https" };
        let host = if self.is_docker_hub() {
            "registry-1.docker.io"
        } else {
            &self.host
        };
        format!("{scheme}://{host}")
    }

    /// What programs of the docker family keep its password under.
    pub(crate) fn login_key(&self) -> &str {
        if self.is_docker_hub() {
            "https://index.docker.io/v1/"
        } else {
            &self.host
        }
    }

    /// Its API and its logins are elsewhere than its images seem to be.
    fn is_docker_hub(&self) -> bool {
        matches!(self.host.as_str(), "docker.io" | "index.docker.io")
    }

    /// The image's name in the registry.
    pub(crate) fn image(&self, app: &str) -> String {
        format!("{}/{}/{app}", self.host, self.folder)
    }
}

impl Forge {
    pub(crate) fn from_env() -> Result<Self> {
        Ok(match required("FORGE")?.as_str() {
            "gitea" => Self::GitHubApi(GitHubApi::from_env(GitHubApiKind::Gitea)?),
            "github" => Self::GitHubApi(GitHubApi::from_env(GitHubApiKind::GitHub)?),
            "gitlab" => Self::GitLab(GitLab::from_env()?),
            "codecommit" => Self::CodeCommit {
                repository: forms::codecommit(&required("FORGE_REPO")?)?,
                reporter: optional("FORGE_REPORTER")?
                    .as_deref()
                    .map(forms::role)
                    .transpose()?,
            },
            other => bail!("FORGE={other}: expected gitea, github, gitlab or codecommit"),
        })
    }

    /// The same where there need not be one.
    pub(crate) fn from_env_if_any() -> Result<Option<Self>> {
        optional("FORGE")?.map(|_| Self::from_env()).transpose()
    }
}

impl GitLab {
    /// Only a gate needs it.
    fn from_env() -> Result<Option<Self>> {
        let Some(api) = optional("FORGE_API")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            api: forms::api(&api)?,
            project: forms::project(&required("FORGE_REPO")?)?,
            token: git_token()?,
        }))
    }
}

impl GitHubApi {
    fn from_env(kind: GitHubApiKind) -> Result<Self> {
        Ok(Self {
            kind,
            api: forms::api(&required("FORGE_API")?)?,
            repo: forms::repository(&required("FORGE_REPO")?)?,
            token: git_token()?
                .context("FORGE_TOKEN is not set; docs/CI.md lists what the release verbs read")?,
        })
    }
}

/// `INFRA_REMOTE`: address of the repository that holds `infra/`; `None`: this one.
pub(crate) fn infra_remote() -> Result<Option<String>> {
    optional("INFRA_REMOTE")
}

/// `RELEASE_UNVERIFIED`: why a person does not wait until the environment before has verified what
/// is proposed.
pub(crate) fn unverified() -> Result<Option<String>> {
    optional("RELEASE_UNVERIFIED")
}

/// `SIGNING_KEY`; not set, or `none`: images are not signed.
pub(crate) fn signing() -> Result<Option<Signing>> {
    Ok(match optional("SIGNING_KEY")?.as_deref() {
        None | Some("none") => None,
        Some("keyless") => Some(Signing::Keyless),
        Some(key) => Some(Signing::Key(key.to_owned())),
    })
}

/// `RELEASE_BRANCH`: the environment that is released from the branch this run was started for.
pub(crate) fn environment() -> Result<Environment> {
    let branch = required("RELEASE_BRANCH")?;
    project().released_from(&branch).with_context(|| {
        let known: Vec<_> = environments().iter().map(project::Environment::branch).collect();
        format!(
            "RELEASE_BRANCH={branch}: only these are released: {}",
            known.join(", ")
        )
    })
}

/// The same where it need not be set.
pub(crate) fn environment_if_any() -> Result<Option<Environment>> {
    optional("RELEASE_BRANCH")?.map(|_| environment()).transpose()
}

/// `FORGE_TOKEN`, for reading a private repository and for pushing.
pub(crate) fn git_token() -> Result<Option<String>> {
    token("FORGE_TOKEN")
}

/// `SOURCE_TOKEN`, for reading the application's repository where the forge is on another host.
pub(crate) fn source_token() -> Result<Option<String>> {
    token("SOURCE_TOKEN")
}

impl Engine {
    pub(crate) fn from_env() -> Result<Self> {
        match optional("CONTAINER_ENGINE")?.as_deref() {
            None | Some("docker") => Ok(Self::Docker),
            Some("podman") => Ok(Self::Podman),
            Some(other) => bail!("CONTAINER_ENGINE={other}: expected docker or podman"),
        }
    }

    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}
