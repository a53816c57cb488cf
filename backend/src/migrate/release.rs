//! Which code may serve while a run is at work.
//!
//! The record keeps the release whose migrations ran last. A second run of the same release, in a
//! second cluster, by hand, or after one that was killed, is no later release: what was too early
//! for the first run is too early for it.

use aws_sdk_dynamodb::types::AttributeValue;

use super::record::{Record, number};
use crate::store::{Item, text};

/// One release, as its migrations know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Commit the code was built from; `unknown` for a build that was told none.
    pub commit: String,
    /// Schema it needs.
    pub required: u32,
    /// Schema that the oldest code needs which may serve until it is rolled out; 0 where none does.
    pub from: u32,
    /// Whether a run of it came to its end; without that it was not rolled out.
    pub ended: bool,
}

impl Release {
    /// The release of `commit`, whose code needs schema `required`, on a table with this record.
    pub(super) fn on(record: &Record, commit: &str, required: u32) -> Self {
        let (from, ended) = match &record.release {
            None => (record.version, false),
            Some(same) if (same.commit.as_str(), same.required) == (commit, required) => {
                (same.from, same.ended)
            }
            Some(live) if live.ended => (live.required, false),
            Some(stopped) => (stopped.from, false),
        };
        Self {
            commit: commit.to_owned(),
            required,
            from,
            ended,
        }
    }

    pub(super) fn to_attribute(&self) -> AttributeValue {
        let number = |number: u32| AttributeValue::N(number.to_string());
        AttributeValue::M(Item::from([
            ("commit".into(), AttributeValue::S(self.commit.clone())),
            ("required".into(), number(self.required)),
            ("from".into(), number(self.from)),
            ("ended".into(), AttributeValue::Bool(self.ended)),
        ]))
    }

    pub(super) fn from_map(map: &Item) -> Option<Self> {
        Some(Self {
            commit: text(map, "commit")?.to_owned(),
            required: number(map, "required"),
            from: number(map, "from"),
            ended: *map.get("ended")?.as_bool().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(commit: &str, required: u32, from: u32, ended: bool) -> Release {
        let commit = commit.to_owned();
        Release {
            commit,
            required,
            from,
            ended,
        }
    }

    #[test]
    fn the_oldest_code_that_serves_is_known_from_the_release_before() {
        for (case, before, from) in [
            ("a table from before releases were recorded", None, 4),
            ("the next release", Some(release("a", 3, 1, true)), 3),
            ("the same again", Some(release("b", 5, 1, true)), 1),
            ("the same after it was killed", Some(release("b", 5, 1, false)), 1),
            (
                "after one that was never rolled out",
                Some(release("a", 3, 1, false)),
                1,
            ),
            (
                "after a rollback to older code",
                Some(release("a", 2, 3, true)),
                2,
            ),
            ("other code of the same name", Some(release("b", 3, 1, true)), 3),
        ] {
            let record = Record {
                version: 4,
                release: before,
                ..Record::default()
            };
            assert_eq!(Release::on(&record, "b", 5).from, from, "{case}");
        }
    }
}
