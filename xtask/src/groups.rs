//! Which packages are compiled together. Another set would unify features anew and compile them
//! twice; and never the frontend's two halves at once.

use crate::apps;
use crate::environment::project;

/// Packages that cargo is always given together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packages {
    pub(crate) names: &'static [&'static str],
    /// Features that they are compiled with.
    pub(crate) features: &'static [&'static str],
    /// Whether the apps that `new-app` made are among them.
    with_apps: bool,
}

const fn of(names: &'static [&'static str]) -> Packages {
    with(names, &[])
}

const fn with(names: &'static [&'static str], features: &'static [&'static str]) -> Packages {
    Packages {
        names,
        features,
        with_apps: false,
    }
}

pub(crate) const TOOLS: Packages = of(&[
    "board-api",
    "child-process",
    "gitkit",
    "project",
    "supply",
    "xtask",
    "pipelines",
    "e2e",
    "e2e-report",
]);
/// For tests that are chosen by a pattern, which those of `pipelines` would fit too.
pub(crate) const WITHOUT_PIPELINES: Packages =
    of(&["board-api", "project", "supply", "xtask", "e2e", "e2e-report"]);
/// The backend and all apps that were added since, which use nothing that it does not.
pub(crate) const BACKEND: Packages = Packages {
    with_apps: true,
    ..with(
        &["api", "testkit", "fault-proxy", "serverkit", "backend"],
        &["--features", "testkit/containers"],
    )
};
pub(crate) const FRONTEND: Packages = with(&["app", "frontend"], &["--features", "app/ssr"]);
/// The servers from outside.
pub(crate) const OUTSIDE: Packages = of(&["dev", "browser"]);
pub(crate) const CLOUD: Packages = of(&["cloud"]);
/// Apart from the rest in a release; here they are linted alone.
const BENCH: Packages = of(&["bench"]);
/// A program of its own, for each build of the page.
const BUNDLE: Packages = of(&["wasm-bundle"]);

/// Each package of this workspace but `hydrate`, which compiles for the browser alone.
pub(crate) const ALL: &[Packages] = &[TOOLS, BACKEND, FRONTEND, OUTSIDE, CLOUD, BENCH, BUNDLE];

impl Packages {
    /// What names them to cargo.
    pub(crate) fn args(self) -> impl Iterator<Item = &'static str> {
        let apps = project().apps().iter().filter(|app| apps::is_made(app));
        let apps = apps.map(project::App::package).filter(|_| self.with_apps);
        let names = self.names.iter().copied().chain(apps);
        let names: Vec<_> = names.flat_map(|name| ["--package", name]).collect();
        names.into_iter().chain(self.features.iter().copied())
    }
}
