//! What is claimed of security, shown by something that is refused.

pub(crate) mod argocd;
mod guests;
mod inside;
pub(crate) mod network;
pub(crate) mod pods;
pub(crate) mod project;
pub(crate) mod webhook;
