//! Where every outside part comes from: one pinned upstream image each, and the recipe that builds it where nothing can be pulled.

mod acquire;
mod alone;
pub mod cache;
pub mod debian;
pub mod doctor;
pub mod engine;
mod error;
pub mod go;
pub mod image;
pub mod key;
pub mod needs;
mod node_image;
mod orchestrate;
pub mod part;
mod podman;
mod preload;
pub mod proof;
pub mod python;
pub mod recipes;
mod run;
mod service;
pub mod stock;
pub mod support;
pub mod versions;
mod workshop;

use std::path::PathBuf;

pub use alone::{
    act, cloud, gitlab_runner, gitleaks, kubeconform, kustomize, linters, schemathesis, tools, wapiti,
};
pub use error::SupplyError;
pub use orchestrate::{aws_image, supply};
pub use recipes::checks::Kubeconform;
pub use recipes::pipelines::{GitLabRunner, Linters};
pub use run::cancel;
pub use workshop::{Progress, Workshop};

/// How images are got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Pull where a registry answers, build where none does.
    #[default]
    Auto,
    /// Pull, or fail.
    Pull,
    /// Build, whether or not a registry answers.
    Build,
}

/// What a run of the supply is told.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How images are got.
    pub mode: Mode,
    /// A registry (`host:port`) that serves every image in place of the one in its name.
    pub mirror: Option<String>,
    /// Whether the doctor may install what is missing.
    pub install: bool,
    /// Also what signs images, and what lets only signed ones into a cluster: minutes of compiling.
    pub admission: bool,
}

/// Programs of the host.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Makes clusters.
    pub kind: PathBuf,
    /// Talks to them.
    pub kubectl: PathBuf,
    /// Renders manifests.
    pub kustomize: PathBuf,
}

/// Everything from outside that the end-to-end test needs.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Makes clusters.
    pub kind: PathBuf,
    /// Talks to them.
    pub kubectl: PathBuf,
    /// Renders manifests.
    pub kustomize: PathBuf,
    /// The node image, with Argo CD, its Redis and kube-router in it.
    pub node_image: String,
    /// Gitea.
    pub forge_image: String,
    /// The AWS emulator.
    pub aws_image: String,
    /// Folder with Argo CD's `install.yaml`.
    pub argocd_manifests: PathBuf,
    /// Signs images, if it was asked for.
    pub cosign: Option<PathBuf>,
}
