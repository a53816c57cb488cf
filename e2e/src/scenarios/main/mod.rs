//! The loop as it is meant to be: each story goes on from what the one before it released.

pub(crate) mod first_sync;
pub(crate) mod migration;
pub(crate) mod page_change;
pub(crate) mod promotion;
pub(crate) mod quiet_bumps;
