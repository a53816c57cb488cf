//! The frontend's server: renders the page, takes its forms, hands out its files.
//!
//! A library, so that tests drive the real router; the binary only dispatches. The page itself is
//! the crate `app`.

mod body;
pub mod config;
mod events;
mod headers;
mod health;
mod newest;
mod pages;
pub mod router;
pub mod serve;
