//! The stories, one a file. Each says what must hold for somebody outside: an HTTP answer, a commit shown, a time.

pub(crate) mod first_sync;
pub(crate) mod migration;
pub(crate) mod page_change;
pub(crate) mod promotion;
pub(crate) mod quiet_bumps;
mod release;
mod workloads;
