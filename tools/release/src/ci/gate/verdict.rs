//! What the statuses of one state come to.

use anyhow::Result;

use crate::ci::forge::{State, Status};
use crate::ci::held_back::Why;

/// Why a state is not proven, if it is not: by the newest final word about it. `commits` are those
/// that have the state, newest first, and `statuses` says what is reported about one, where that
/// can be read at all.
pub(crate) fn doubt(
    commits: &[String],
    context: &str,
    mut statuses: impl FnMut(&str) -> Result<Option<Vec<Status>>>,
) -> Result<Option<Why>> {
    let mut pending = None;
    for commit in commits {
        let Some(statuses) = statuses(commit)? else {
            return Ok(Some(Why::Unreadable));
        };
        let ours = statuses.into_iter().find(|status| status.context == context);
        match ours.map(|status| (status.state, status.description)) {
            Some((State::Success, _)) => return Ok(None),
            Some((State::Failure, words)) => return Ok(Some(Why::Failed(words))),
            Some((_, words)) => pending = pending.or(Some(Why::Pending(words))),
            None => {}
        }
    }
    Ok(pending.or(Some(Why::Silent)))
}
