//! What goes wrong. Each scenario breaks one thing, observes it from outside, and repairs it.

pub(crate) mod argocd_killed;
pub(crate) mod bad_manifest;
pub(crate) mod drain;
pub(crate) mod drift;
pub(crate) mod dynamodb;
pub(crate) mod forge_down;
pub(crate) mod identities;
pub(crate) mod image_crashes;
pub(crate) mod image_missing;
pub(crate) mod image_never_ready;
pub(crate) mod kills;
pub(crate) mod lost_events;
pub(crate) mod migration_fails;
pub(crate) mod migration_hangs;
pub(crate) mod migration_image;
pub(crate) mod migration_killed;
pub(crate) mod migration_skipped;
pub(crate) mod migrations_at_once;
pub(crate) mod new_migration;
pub(crate) mod prune;
pub(crate) mod rebuild;
pub(crate) mod rollback;
pub(crate) mod rollout;
pub(crate) mod two_developers;
pub(crate) mod unknown_kind;
