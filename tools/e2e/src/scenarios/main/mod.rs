//! The loop as intended: each scenario continues from what the previous one released.

pub(crate) mod first_sync;
pub(crate) mod migration;
pub(crate) mod page_change;
pub(crate) mod promotion;
pub(crate) mod quiet_bumps;
