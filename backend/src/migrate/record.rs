//! The item `_schema`: which schema the table is at, who may change it now, and how far an
//! unfinished migration has come.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Counts, Migration, Release};
use crate::dynamodb::Table;
use crate::store::{Item, StoreError, text, unavailable};

/// Key of the record; it has no `board`, so the index never lists it.
pub(super) const SCHEMA_ITEM: &str = "_schema";

/// What the record says; the default is a table without a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The newest migration that is done; 0 where none was recorded.
    pub version: u32,
    /// Code that requires less than this schema can no longer serve; 0 while nothing was taken
    /// away.
    pub min_reader: u32,
    /// Where an unfinished migration goes on.
    pub checkpoint: Option<Checkpoint>,
    /// Who has the lock.
    pub holder: Option<Holder>,
    /// The release whose migrations ran last.
    pub release: Option<Release>,
    /// What is known of migrations that are done.
    pub done: BTreeMap<u32, Done>,
}

/// Why code cannot serve on a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Migrations are missing: the deployer may have skipped them.
    #[error("it is at schema {version}, this code needs {required}: run `backend migrate`")]
    Behind {
        /// Schema of the table.
        version: u32,
        /// Schema the code needs.
        required: u32,
    },
    /// A contraction has taken away what the code reads: this is a rollback too far.
    #[error("it serves only code that needs schema {min_reader} or a later one, this code needs {required}")]
    Contracted {
        /// What the table asks of code.
        min_reader: u32,
        /// Schema the code needs.
        required: u32,
    },
}

/// How far an unfinished migration has come: everything up to `position` is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Number of the migration.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// What it has met and done so far.
    pub counts: Counts,
    /// Key of the item the scan goes on after.
    pub position: Item,
}

/// A migrator with the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Identity of one run; it is in that run's log.
    pub owner: String,
    /// Milliseconds since the epoch, by its own clock, until which it has the lock; each renewal
    /// moves it.
    pub until: String,
}

/// What a migration met and did, and when it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Its name; records of earlier versions have none.
    pub name: Option<String>,
    /// RFC 3339.
    pub at: String,
    /// Over all runs it took.
    pub counts: Counts,
}

/// Schema the table is at; 0 where none was recorded.
pub fn schema_version(table: &Table) -> impl Future<Output = Result<u32, StoreError>> + Send {
    let record = Record::read(table);
    async { Ok(record.await?.version) }
}

impl Record {
    /// Reads the record of `table`, consistently.
    pub fn read(table: &Table) -> impl Future<Output = Result<Self, StoreError>> + Send + use<> {
        let get = table
            .client
            .get_item()
            .table_name(&table.name)
            .key("uuid", AttributeValue::S(SCHEMA_ITEM.into()))
            .consistent_read(true);
        async move {
            let answer = get.send().await.map_err(unavailable("read the schema record"))?;
            Ok(answer.item().map(Self::from_item).unwrap_or_default())
        }
    }

    /// Whether code that needs schema `required` can serve. A table that is ahead of it can be
    /// served.
    pub fn check(&self, required: u32) -> Result<(), Unfit> {
        let Self {
            version, min_reader, ..
        } = *self;
        if required < min_reader {
            return Err(Unfit::Contracted { min_reader, required });
        }
        if version < required {
            return Err(Unfit::Behind { version, required });
        }
        Ok(())
    }

    /// The name under which another migration has run with the number of `migration`.
    pub(super) fn taken_by(&self, migration: &Migration) -> Option<&str> {
        let name = self.done.get(&migration.version)?.name.as_deref()?;
        (name != migration.name).then_some(name)
    }

    fn from_item(item: &Item) -> Self {
        Self {
            version: number(item, "version"),
            min_reader: number(item, "min_reader"),
            checkpoint: map(item, "checkpoint").and_then(Checkpoint::from_map),
            holder: Holder::from_item(item),
            release: map(item, "release").and_then(Release::from_map),
            done: item
                .iter()
                .filter_map(|(name, value)| {
                    let version = name.strip_prefix("done_")?.parse().ok()?;
                    Some((version, Done::from_map(value.as_m().ok()?)?))
                })
                .collect(),
        }
    }
}

impl Checkpoint {
    /// Under another name it is another migration, which has to begin at the beginning.
    pub(super) fn is_of(&self, migration: &Migration) -> bool {
        self.version == migration.version && self.name == migration.name
    }

    pub(super) fn to_attribute(&self) -> AttributeValue {
        let mut map = counts_to_map(self.counts);
        map.insert("version".into(), AttributeValue::N(self.version.to_string()));
        map.insert("name".into(), AttributeValue::S(self.name.clone()));
        map.insert("position".into(), AttributeValue::M(self.position.clone()));
        AttributeValue::M(map)
    }

    fn from_map(map: &Item) -> Option<Self> {
        Some(Self {
            version: number(map, "version"),
            name: text(map, "name")?.to_owned(),
            counts: counts_from_map(map),
            position: self::map(map, "position")?.clone(),
        })
    }
}

impl Holder {
    fn from_item(item: &Item) -> Option<Self> {
        let until = item.get("lock_until").and_then(|until| until.as_n().ok());
        Some(Self {
            owner: text(item, "lock_owner")?.to_owned(),
            until: until.cloned().unwrap_or_default(),
        })
    }
}

impl Done {
    /// Attribute in which the end of migration `version` is kept.
    pub(super) fn attribute(version: u32) -> String {
        format!("done_{version}")
    }

    pub(super) fn to_attribute(&self) -> AttributeValue {
        let mut map = counts_to_map(self.counts);
        map.insert("at".into(), AttributeValue::S(self.at.clone()));
        if let Some(name) = &self.name {
            map.insert("name".into(), AttributeValue::S(name.clone()));
        }
        AttributeValue::M(map)
    }

    fn from_map(map: &Item) -> Option<Self> {
        Some(Self {
            name: text(map, "name").map(str::to_owned),
            at: text(map, "at")?.to_owned(),
            counts: counts_from_map(map),
        })
    }
}

fn counts_to_map(counts: Counts) -> Item {
    Item::from([
        ("seen".into(), AttributeValue::N(counts.seen.to_string())),
        ("changed".into(), AttributeValue::N(counts.changed.to_string())),
    ])
}

fn counts_from_map(map: &Item) -> Counts {
    Counts {
        seen: number(map, "seen"),
        changed: number(map, "changed"),
    }
}

/// The number in attribute `name`; 0 where there is none.
pub(super) fn number<N: std::str::FromStr + Default>(item: &Item, name: &str) -> N {
    let number = item.get(name).and_then(|value| value.as_n().ok()?.parse().ok());
    number.unwrap_or_default()
}

fn map<'a>(item: &'a Item, name: &str) -> Option<&'a Item> {
    item.get(name)?.as_m().ok()
}
