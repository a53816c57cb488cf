//! What every server of this repository does the same way: settings, logs, request ids, metrics,
//! and going down in order.
//!
//! It knows HTTP and nothing of what is served. A server makes a [`Router`](axum::Router), wraps it
//! in [`layers`] and hands it to [`serve`].

#[cfg(target_env = "musl")]
mod allocator;
mod answers; // wing: addons
pub mod config;
mod layers;
pub mod metrics;
mod panics;
mod patience;
pub mod request;
mod serve;
pub mod shutdown;
mod telemetry;

pub use layers::layers;
pub use serve::serve;
pub use telemetry::run;
