//! Where every outside part comes from: one pinned upstream image each, and the recipe that builds it where nothing can be pulled.

pub mod cache;
pub mod debian;
pub mod doctor;
pub mod engine;
mod error;
pub mod go;
pub mod image;
pub mod key;
pub mod part;
mod podman;
mod preload;
pub mod recipes;
mod run;
pub mod versions;
mod workshop;

pub use error::SupplyError;
pub use run::cancel;
pub use workshop::{Progress, Workshop};
