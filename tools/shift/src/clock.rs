//! Times as all parts of this program take them: since 1970, because a claim is read on other
//! machines too.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time now.
pub(crate) fn now() -> Duration {
    // A clock before 1970 is one that nobody has set.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
