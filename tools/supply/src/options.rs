//! What a run of the supply is asked for, and what it gives.

use std::path::PathBuf;

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
    /// Also what signs images, and what lets only signed ones into a cluster: minutes of compiling.
    pub admission: bool,
    /// Also the images of add-ons.
    pub addons: bool,
}

/// What only some runs need, so that the others do not wait for it to be compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// [`Options::admission`].
    Admission,
    /// [`Options::addons`].
    Addons,
}

impl Options {
    /// Whether something is got that belongs to an extra, or to none.
    pub(crate) fn want(&self, extra: Option<Extra>) -> bool {
        match extra {
            None => true,
            Some(Extra::Admission) => self.admission,
            Some(Extra::Addons) => self.addons,
        }
    }
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
    /// Programs of the host.
    pub tools: Tools,
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
    /// The images of add-ons, which the engine has and the nodes have not; none if they were not
    /// asked for.
    pub addons: Vec<String>,
}
