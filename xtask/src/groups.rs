//! Which packages are compiled together. Another set would unify features anew and compile them
//! twice; and never the frontend's two halves at once.

use taskkit::environment::project;

/// Packages that cargo is always given together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packages {
    pub(crate) names: &'static [&'static str],
    /// Features that they are compiled with.
    pub(crate) features: &'static [&'static str],
    /// Whether the apps that were made from a template are among them.
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

#[rustfmt::skip]
pub(crate) const TOOLS: Packages = of(&[
    "board-api", // wing: sample
    "child-process", // wing: child-process
    "documents", // wing: house-rules
    "fork", // wing: fork
    "generators", // wing: generators
    "gitkit",
    "haproxy-api", // wing: hub
    "iam", // wing: iam
    "overlay",
    "project",
    "release",
    "shift", // wing: hub
    "stacks", // wing: aws
    "supply", // wing: supply
    "taskkit",
    "verifier", // wing: verifier
    "xtask",
    "pipelines",  // wing: pipelines
    "e2e",        // wing: e2e
    "e2e-report", // wing: e2e
    "iam-proxy",  // wing: e2e
]);
/// For tests that are chosen by a pattern, which those of `pipelines` and `shift` would fit too.
#[rustfmt::skip]
pub(crate) const WITHOUT_PIPELINES: Packages = of(&[
    "board-api", // wing: sample
    "documents", // wing: house-rules
    "fork", // wing: fork
    "generators", // wing: generators
    "iam", // wing: iam
    "overlay",
    "project",
    "release",
    "stacks", // wing: aws
    "supply", // wing: supply
    "taskkit",
    "verifier", // wing: verifier
    "xtask",
    "e2e",        // wing: e2e
    "e2e-report", // wing: e2e
    "iam-proxy",  // wing: e2e
]);
/// The backend and all apps that were added since, which use nothing that it does not.
#[rustfmt::skip]
pub(crate) const APPS: Packages = Packages {
    with_apps: true,
    ..with(
        &[
            "api",
            "serverkit",
            "testkit", // wing: sample
            "fault-proxy", // wing: sample
            "backend", // wing: sample
        ],
        &[
            "--features", "testkit/containers", // wing: sample
        ],
    )
};
pub(crate) const FRONTEND: Packages = with(&["app", "frontend"], &["--features", "app/ssr"]); // wing: sample
// wing: dev
/// The servers from outside.
#[rustfmt::skip]
pub(crate) const OUTSIDE: Packages = of(&[
    "dev",
    "browser", // wing: browser
]);
// end of wing
pub(crate) const CLOUD: Packages = of(&["cloud"]); // wing: cloud
// wing: bench
/// Apart from the rest: a release of it is what measures.
pub(crate) const BENCH: Packages = of(&["bench"]);
// end of wing
// wing: hub
/// Runs beside Argo CD: apart, because nothing else here has its client of EKS.
pub(crate) const CLUSTERSET: Packages = of(&["clusterset"]);
// end of wing
// wing: book
/// Nothing else here has mdBook.
pub(crate) const BOOK: Packages = of(&["book"]);
// end of wing
/// A program of its own, for each build of the page.
const BUNDLE: Packages = of(&["wasm-bundle"]);

/// Each package of this workspace, but what compiles for a browser alone.
#[rustfmt::skip]
pub(crate) const ALL: &[Packages] = &[
    TOOLS,
    APPS,
    FRONTEND, // wing: sample
    OUTSIDE, // wing: dev
    CLOUD, // wing: cloud
    BENCH, // wing: bench
    CLUSTERSET, // wing: hub
    BOOK, // wing: book
    BUNDLE,
];

impl Packages {
    /// What names them to cargo.
    pub(crate) fn args(self) -> impl Iterator<Item = &'static str> {
        let apps = project().apps().iter().filter(|app| app.is_made());
        let apps = apps.map(project::App::package).filter(|_| self.with_apps);
        let names = self.names.iter().copied().chain(apps);
        let names: Vec<_> = names.flat_map(|name| ["--package", name]).collect();
        names.into_iter().chain(self.features.iter().copied())
    }
}
