//! The security rules, each tested by what a cluster must reject.

mod added;
pub(crate) mod admission;
pub(crate) mod argocd;
mod guests;
mod inside;
pub(crate) mod network;
pub(crate) mod pods;
mod processes;
pub(crate) mod project;
pub(crate) mod reproduction;
mod rights;
mod searched;
pub(crate) mod secrets;
pub(crate) mod webhook;
