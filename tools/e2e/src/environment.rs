//! The apps and environments of the working copy under test, and every name that follows from which
//! environment is meant.

use std::path::Path;
use std::sync::{LazyLock, OnceLock};
use std::{env, fmt};

use anyhow::{Context, Result};
use project::Project;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The sample's page, by which people come. Scenarios about it look for what it shows.
pub(crate) const PAGE: &str = "frontend";
/// The sample's API, which has the table. Scenarios about it look for its migrations.
pub(crate) const API: &str = "backend";
/// Where all apps run, on each cluster.
pub(crate) const NAMESPACE: &str = "message-board";

static PROJECT: OnceLock<Project> = OnceLock::new();
static HUB: LazyLock<project::Environment> = LazyLock::new(|| project().hub());
static NEXT_HUB: LazyLock<project::Environment> = LazyLock::new(|| project().next_hub());
static ALL: LazyLock<Vec<Environment>> =
    LazyLock::new(|| project().environments().iter().map(Environment).collect());

/// Reads the project, so that what is wrong with it is said before anything is done.
pub(crate) fn read() -> Result<()> {
    let folder = env::current_dir().context("find the current folder")?;
    // A second reader finds the same.
    let _ = PROJECT.set(Project::above(&folder)?);
    Ok(())
}

/// The project of the working copy.
pub(crate) fn project() -> &'static Project {
    // Tests have no entry point; they run in a folder of the working copy.
    PROJECT.get_or_init(|| Project::above(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("read the project"))
}

/// The apps that each environment runs, in the order in which they are synced first.
pub(crate) fn apps() -> Vec<&'static str> {
    project().apps().iter().map(project::App::name).collect()
}

/// Those of them that have servers in a Deployment, to which others send requests.
pub(crate) fn apps_with_servers() -> Vec<&'static str> {
    let apps = project().apps().iter();
    let apps = apps.filter(|app| app.kind().has_service());
    apps.map(project::App::name).collect()
}

/// Where a commit goes live, from the first environment to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Environment(&'static project::Environment);

impl Environment {
    /// Every one, in the order of promotion.
    pub(crate) fn all() -> &'static [Self] {
        &ALL
    }

    /// The cluster whose Argo CD manages the others, in the topology `hub`. It is brought up and
    /// called as theirs are, nothing is released to it, and it is none of [`Self::all`].
    pub(crate) fn hub() -> Self {
        Self(&HUB)
    }

    /// The hub's, and that of another one which takes its place.
    pub(crate) fn hubs() -> [Self; 2] {
        [Self::hub(), Self(&NEXT_HUB)]
    }

    /// Whether its Argo CD manages others.
    pub(crate) fn is_hub(self) -> bool {
        Self::hubs().contains(&self)
    }

    /// Those of [`Self::all`], and the hubs.
    pub(crate) fn with_hubs() -> impl Iterator<Item = Self> {
        Self::all().iter().copied().chain(Self::hubs())
    }

    /// The one that is built for.
    pub(crate) fn first() -> Self {
        Self(project().first())
    }

    /// The one that a commit reaches last.
    pub(crate) fn last() -> Self {
        Self(project().last())
    }

    /// The one that the environment promotes to which has made a report of this name.
    pub(crate) fn behind_reporter(report: &str) -> Option<Self> {
        let before = project().reporter(report)?;
        project().after(before).map(Self)
    }

    // wing: verifier
    /// What its reports on an app are called.
    pub(crate) fn report_on(self, app: &str) -> String {
        self.0.report_on(app)
    }
    // end of wing

    pub(crate) fn name(self) -> &'static str {
        self.0.name()
    }

    /// The branch whose pushes are released to this environment.
    pub(crate) fn branch(self) -> &'static str {
        self.0.branch()
    }

    pub(crate) fn cluster(self) -> &'static str {
        self.0.cluster()
    }

    /// Who issues the tokens of the cluster's service accounts, as the templates take it for
    /// `OidcProvider`. A name that nobody can ever register; EKS gives each cluster one of its own.
    pub(crate) fn issuer(self) -> String {
        format!("oidc.internal/id/{}", self.cluster())
    }

    pub(crate) fn stack(self) -> &'static str {
        self.0.stack()
    }

    /// The file that pins an app's image for it, inside the manifests' repository.
    pub(crate) fn overlay(self, app: &str) -> String {
        format!("infra/{app}/overlays/{self}/kustomization.yaml")
    }

    /// The table of the sample's API, which the stack makes.
    pub(crate) fn table(self) -> String {
        format!("messages-{self}")
    }

    /// The roles of the sample's API and of its migration, which the stack makes.
    pub(crate) fn roles(self) -> [String; 2] {
        [format!("{API}-{self}"), format!("{API}-migrate-{self}")]
    }

    /// The containers that are the cluster's nodes; also their host names on the network. The first
    /// one has the control plane, and the ports that visitors come by.
    pub(crate) fn nodes(self) -> Vec<String> {
        let cluster = self.cluster();
        let workers = (1..self.0.nodes()).map(|number| match number {
            1 => format!("{cluster}-worker"),
            // As kind counts them.
            more => format!("{cluster}-worker{more}"),
        });
        std::iter::once(format!("{cluster}-control-plane"))
            .chain(workers)
            .collect()
    }

    /// The first of [`Self::nodes`].
    pub(crate) fn control_plane(self) -> String {
        self.nodes().swap_remove(0)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Environment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Environment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if let Some(hub) = Self::hubs().into_iter().find(|hub| hub.name() == name) {
            return Ok(hub);
        }
        project().environment(&name).map(Self).map_err(de::Error::custom)
    }
}
