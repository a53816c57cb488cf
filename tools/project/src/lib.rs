//! What this repository runs, and where: `project.toml` at its top, read and checked.
//!
//! The one place that knows the apps, the environments in the order of promotion, and the names and
//! paths that follow from them. Programs read the file of the checkout they work on when they run,
//! so none is compiled anew for a new app.

mod app;
mod environment;
mod error;
mod follows; // wing: versions
mod names;
// wing: release-tests
#[cfg(test)]
mod tests;
// end of wing

use std::fs;
use std::path::Path;

use serde::Deserialize;

pub use app::{App, Kind, MADE};
pub use environment::{Environment, VERIFIED};
pub use error::ProjectError;

/// The file's name, at the top of the repository.
pub const FILE: &str = "project.toml";

/// The apps and environments of one checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    name: String,
    application: String,
    without: Vec<String>,
    environments: Vec<Environment>,
    apps: Vec<App>,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    application: String,
    #[serde(default)]
    without: Vec<String>,
    environments: Vec<environment::Written>,
    #[serde(default)]
    apps: Vec<App>,
}

impl Project {
    /// Reads `project.toml` in `root`, the top of a checkout.
    pub fn load(root: &Path) -> Result<Self, ProjectError> {
        let path = root.join(FILE);
        let text = fs::read_to_string(&path).map_err(|source| ProjectError::Read { path, source })?;
        Self::of_text(&text)
    }

    /// Reads the first `project.toml` in `folder` and the folders above it.
    pub fn above(folder: &Path) -> Result<Self, ProjectError> {
        let root = folder.ancestors().find(|folder| folder.join(FILE).is_file());
        Self::load(root.unwrap_or(folder))
    }

    /// The project that a file with this text describes.
    pub fn of_text(text: &str) -> Result<Self, ProjectError> {
        let written: Written = toml::from_str(text).map_err(ProjectError::Syntax)?;
        names::check(&written)?;
        let Written {
            name,
            application,
            without,
            environments,
            apps,
        } = written;
        Ok(Self {
            environments: environment::in_order(environments, &name, &application),
            name,
            application,
            without,
            apps,
        })
    }

    /// What the repository is called, as in `gitops-loop`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the apps are together, as in `message-board`: also their namespace.
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The parts of the template that this copy is without, by the names of
    /// `tools/fork/wings.toml`.
    pub fn without(&self) -> &[String] {
        &self.without
    }

    /// Every app, in the order in which they are synced first.
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// The app of this name.
    pub fn app(&self, name: &str) -> Result<&App, ProjectError> {
        let found = self.apps.iter().find(|app| app.name() == name);
        found.ok_or_else(|| ProjectError::UnknownApp {
            name: name.to_owned(),
            known: listed(self.apps.iter().map(App::name)),
        })
    }

    /// Where a hub runs, the cluster whose Argo CD manages the others: none of the environments.
    pub fn hub(&self) -> Environment {
        environment::beside(&self.name, "hub")
    }

    /// Where another hub runs, as while it takes the place of the hub.
    pub fn next_hub(&self) -> Environment {
        environment::beside(&self.name, "next-hub")
    }

    /// Every environment, in the order of promotion.
    pub fn environments(&self) -> &[Environment] {
        &self.environments
    }

    /// The name of each, in the same order.
    pub fn environment_names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.environments.iter().map(Environment::name)
    }

    /// The environment of this name.
    pub fn environment(&self, name: &str) -> Result<&Environment, ProjectError> {
        let found = self.environments.iter().find(|at| at.name() == name);
        found.ok_or_else(|| ProjectError::UnknownEnvironment {
            name: name.to_owned(),
            known: listed(self.environment_names()),
        })
    }

    /// The environment that is released from this branch, if there is one.
    pub fn released_from(&self, branch: &str) -> Option<&Environment> {
        self.environments.iter().find(|at| at.branch() == branch)
    }

    /// The environment that images are built for.
    ///
    /// # Panics
    ///
    /// Never: a file without environments is not read.
    pub fn first(&self) -> &Environment {
        &self.environments[0]
    }

    /// The environment that a commit reaches last.
    ///
    /// # Panics
    ///
    /// Never: a file without environments is not read.
    pub fn last(&self) -> &Environment {
        &self.environments[self.environments.len() - 1]
    }

    /// The environment that promotes to this one; none promotes to the first.
    pub fn before(&self, environment: &Environment) -> Option<&Environment> {
        let at = self.environments.iter().position(|other| other == environment)?;
        self.environments.get(at.checked_sub(1)?)
    }

    /// The environment that a report of this name is from, if it is one of what was verified.
    pub fn reporter(&self, report: &str) -> Option<&Environment> {
        self.environments
            .iter()
            .find(|environment| environment.has_reported(report))
    }

    /// The environment that this one promotes to; the last promotes to none.
    pub fn after(&self, environment: &Environment) -> Option<&Environment> {
        let mut rest = self.environments.iter();
        rest.find(|other| *other == environment)?;
        rest.next()
    }
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
