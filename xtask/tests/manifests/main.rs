//! What has to hold for everything below `infra/`, on the rendered objects as a cluster would get
//! them. No cluster needed.
//!
//! `infra/argocd`, the pinned install of a third party, is not judged by these rules.

mod account;
mod addons; // wing: addons
mod admission;
mod branches;
mod canary; // wing: addons
mod checks; // wing: verifier
mod cloudformation; // wing: sample
mod delivery;
mod each;
mod environments;
mod faults;
mod generated; // wing: generators
mod hub; // wing: hub
mod load_balancer; // wing: addons
mod local;
mod migration; // wing: sample
mod object;
mod plain;
mod previews; // wing: previews
mod projects;
mod render;
mod rights;
mod rules;
mod schemas;
mod secret;
mod switched_on; // wing: addons, generators
mod traffic;
mod versions; // wing: versions
mod webhook; // wing: addons
mod workloads;

use std::sync::LazyLock;

use project::{App, Project};

/// What this checkout runs, and where.
static PROJECT: LazyLock<Project> =
    LazyLock::new(|| Project::load(&render::ROOT).expect("read the project of this checkout"));

/// The environments, in the order of promotion.
fn environments() -> impl DoubleEndedIterator<Item = &'static str> {
    PROJECT.environment_names()
}

/// The one that is built for.
fn first() -> &'static str {
    PROJECT.first().name()
}

/// The names of the apps, in the order in which they are first synced.
fn app_names() -> impl Iterator<Item = &'static str> {
    PROJECT.apps().iter().map(App::name)
}

/// What is a folder of `infra/` and an Argo CD Application, in the order in which they are first
/// synced.
fn applications() -> impl Iterator<Item = &'static str> {
    std::iter::once("platform").chain(app_names())
}

/// The one namespace of the application.
fn namespace() -> &'static str {
    PROJECT.application()
}
