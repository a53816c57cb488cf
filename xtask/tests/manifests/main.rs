//! What has to hold for everything below `infra/`, on the rendered objects as a cluster would get
//! them. No cluster needed.
//!
//! `infra/argocd`, the pinned install of a third party, is not judged by these rules.

mod admission;
mod cloudformation;
mod delivery;
mod each;
mod environments;
mod faults;
mod local;
mod migration;
mod object;
mod projects;
mod render;
mod rights;
mod rules;
mod schemas;
mod traffic;
mod workloads;

/// The two environments, in the order of promotion.
const ENVIRONMENTS: [&str; 2] = ["staging", "production"];

/// Each is a folder of `infra/` and an Argo CD Application, in the order in which they are first
/// synced.
const APPLICATIONS: [&str; 3] = ["platform", "backend", "frontend"];

/// The one namespace of the application.
const NAMESPACE: &str = "message-board";
