//! A restored old backup beside staging's own table: messages of schema 1, which every later
//! migration still has to convert. So a running migration can be observed without new code.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::actors::{Administrator, Item, Operator, Visitor};
use crate::cluster::Cluster;
use crate::environment::Environment;
use crate::run::{StepHandle, Testbed};
use crate::scenarios::backend_release::{APP, Change, Course};
use crate::scenarios::{overlays, workloads};
use crate::wait::{Verdict, eventually};

const RECORD: &str = "_schema";
/// What migration 2 gives every message.
const GIVEN: &str = "board";
const LOCKED: Duration = Duration::from_secs(30);
/// On a machine with much else to do.
const CHECKPOINT: Duration = Duration::from_mins(1);

/// The restored table.
pub(crate) struct OlderTable<'a> {
    administrator: Administrator<'a>,
    pub(crate) name: &'static str,
    /// What the backend that runs needs, and so what a migration has to bring it to.
    pub(crate) needed: u32,
    texts: BTreeMap<String, String>,
}

impl<'a> OlderTable<'a> {
    /// Restores `messages` messages into the table `name`.
    pub(crate) async fn restore(testbed: &'a Testbed, name: &'static str, messages: usize) -> Result<Self> {
        let administrator = Administrator::of(testbed);
        // With the keys and indexes of the own one, and the same rights to it.
        let own = Environment::first().table();
        administrator.make_table(name, &own).await?;
        for role in Environment::first().roles() {
            administrator.grant(&role, name, &own).await?;
        }
        let texts: BTreeMap<_, _> = (0..messages)
            .map(|number| {
                (
                    format!("old-{number:04}"),
                    format!("kept since long ago, number {number}"),
                )
            })
            .collect();
        let message = |(uuid, text): (&String, &String)| {
            strings(&[
                ("uuid", uuid),
                ("author", "Ada"),
                ("text", text),
                ("posted_at", &format!("2025-01-01T00:00:00.00{}Z", &uuid[4..])),
            ])
        };
        let mut items: Vec<Item> = texts.iter().map(message).collect();
        let mut record = strings(&[("uuid", RECORD)]);
        record.insert("version".to_owned(), json!({ "N": "1" }));
        items.push(record);
        administrator.put(name, &items).await?;
        let backend = Visitor::of(testbed.first(), &testbed.harness.http);
        Ok(Self {
            administrator,
            name,
            needed: backend.backend_version().await?.required_schema_version,
            texts,
        })
    }

    /// Releases a backend that uses it, with a migration that takes so many messages a second;
    /// gives the commit.
    pub(crate) async fn released(&self, course: &Course<'_>, messages_per_second: &str) -> Result<String> {
        self.released_by(&course.operator, messages_per_second).await
    }

    /// The same where nobody watches the course of it.
    pub(crate) async fn released_by(&self, operator: &Operator, messages_per_second: &str) -> Result<String> {
        let settings = [
            ("TABLE_NAME", self.name),
            ("MIGRATE_ITEMS_PER_SECOND", messages_per_second),
        ];
        let restored = Change {
            settings: &settings,
            ..Change::default()
        };
        operator.patch(&overlays::of(APP), &restored.patches()).await
    }

    /// Waits until a migration is at work on it.
    pub(crate) async fn locked(&self, step: &StepHandle) -> Result<()> {
        eventually(step, "the lock of the table", LOCKED, async || {
            Ok(match self.record().await?["lock_owner"]["S"].as_str() {
                Some(_) => Verdict::Ready(()),
                None => Verdict::Pending("no migration has it".to_owned()),
            })
        })
        .await
    }

    /// Waits until a migration has recorded how far it is, and says how many messages that is.
    pub(crate) async fn checkpoint(&self, step: &StepHandle) -> Result<u64> {
        eventually(step, "the first checkpoint", CHECKPOINT, async || {
            let record = self.record().await?;
            Ok(match number(&record["checkpoint"]["M"]["seen"]) {
                Some(seen) => Verdict::Ready(seen),
                None => Verdict::Pending("the migration has recorded none".to_owned()),
            })
        })
        .await
    }

    /// The schema it is at.
    pub(crate) async fn schema(&self) -> Result<u64> {
        Ok(number(&self.record().await?["version"]).unwrap_or_default())
    }

    /// The same as [`Self::migrated`], and no message was seen or changed twice.
    pub(crate) async fn migrated_once(&self) -> Result<()> {
        let (seen, changed) = self.migrated().await?;
        let all = u64::try_from(self.texts.len())?;
        ensure!(
            (seen, changed) == (all, all),
            "{all} messages were seen {seen} times and changed {changed} times"
        );
        Ok(())
    }

    /// Every message is there with its text and in the new form, and the table at the schema that
    /// is needed. Gives how many messages migration 2 says it has seen and changed, over all its
    /// runs.
    pub(crate) async fn migrated(&self) -> Result<(u64, u64)> {
        let items = self.administrator.items(self.name).await?;
        let messages: Vec<_> = items.iter().filter(|item| item["uuid"]["S"] != RECORD).collect();
        ensure!(
            messages.len() == self.texts.len(),
            "table {} had {} messages and has {}",
            self.name,
            self.texts.len(),
            messages.len()
        );
        for message in messages {
            let uuid = message["uuid"]["S"].as_str().unwrap_or_default();
            ensure!(
                self.texts.get(uuid).map(String::as_str) == message["text"]["S"].as_str(),
                "the text of message {uuid} has become {}",
                message["text"]
            );
            ensure!(message.contains_key(GIVEN), "message {uuid} has no {GIVEN}");
        }
        let record = self.record().await?;
        ensure!(
            number(&record["version"]) == Some(u64::from(self.needed)),
            "table {} is at schema {}, not {}",
            self.name,
            record["version"],
            self.needed
        );
        let done = &record["done_2"]["M"];
        Ok((
            number(&done["seen"]).unwrap_or_default(),
            number(&done["changed"]).unwrap_or_default(),
        ))
    }

    /// Removes it, once nobody uses it any more: servers that are ending still answer on it.
    pub(crate) async fn drop(self, step: &StepHandle, cluster: &Cluster) -> Result<()> {
        workloads::none_ending(step, cluster).await?;
        self.administrator.drop_table(self.name).await
    }

    async fn record(&self) -> Result<Value> {
        Ok(Value::Object(self.administrator.item(self.name, RECORD).await?))
    }
}

fn strings(attributes: &[(&str, &str)]) -> Item {
    let attribute = |(name, value): &(&str, &str)| ((*name).to_owned(), json!({ "S": value }));
    attributes.iter().map(attribute).collect()
}

fn number(attribute: &Value) -> Option<u64> {
    attribute["N"].as_str()?.parse().ok()
}
