//! What goes wrong. Each story breaks one thing on staging, sees what people outside see of it, and heals it.

pub(crate) mod bad_manifest;
pub(crate) mod drift;
pub(crate) mod rollout;
