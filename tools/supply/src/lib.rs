//! Where every outside part comes from: one pinned upstream image each, and the recipe that builds
//! it where nothing can be pulled.

mod acquire;
pub mod cache;
mod debian;
mod docker;
pub mod doctor;
pub mod engine;
mod error;
mod get;
pub mod go;
mod image;
pub mod inventory;
mod key;
pub mod needs;
mod node_image;
mod options;
mod orchestrate;
pub mod part;
mod podman;
mod preload;
pub mod pull_test;
mod python;
pub mod recipe;
pub mod recipes;
mod run;
mod service;
pub mod support;
pub mod versions;
pub mod work;
mod workshop;

pub use error::{Fault, SupplyError};
pub use get::{act, cloud, files, gitlab_runner, linters};
pub use options::{Mode, Options, Parts, Tools};
pub use orchestrate::{aws_image, forge_pages, needs_of_run, ready_for_run, supply};
pub use recipes::pipelines::{GitLabRunner, Linters};
pub use run::cancel;
pub use taskkit::missing::Missing;
pub use workshop::{Progress, Session, Uncached, Workshop};
