//! What `migrate status` and `migrate up --dry-run` print, for people.

use std::fmt::{self, Display, Formatter};

use super::record::Record;
use super::{Counts, Migration, Phase};

/// The state of one table as code with these migrations sees it.
#[derive(Debug)]
pub struct Status<'a> {
    pub(super) table: &'a str,
    pub(super) required: u32,
    pub(super) migrations: &'a [Migration],
    /// What the table says.
    pub record: Record,
}

/// What each missing migration would do.
#[derive(Debug)]
pub struct Preview<'a> {
    pub(super) table: &'a str,
    /// What would be done, with what it would meet and do.
    pub now: Vec<(&'a Migration, Counts)>,
    /// Contractions that would be left to a later release.
    pub later: &'a [Migration],
}

impl Display for Phase {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Expand => "expand",
            Self::Backfill => "backfill",
            Self::Contract { .. } => "contract",
        })
    }
}

impl Display for Migration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:>4}  {:<8}  {:<20}", self.version, self.phase, self.name)
    }
}

impl Display for Counts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} seen, {} changed", self.seen, self.changed)
    }
}

impl Display for Status<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let record = &self.record;
        writeln!(
            f,
            "table {} is at schema {}; this code needs {}",
            self.table, record.version, self.required
        )?;
        for migration in self.migrations {
            writeln!(f, "{migration}  {}", self.state(migration))?;
        }
        if record.min_reader > 0 {
            writeln!(
                f,
                "code that needs less than schema {} cannot serve",
                record.min_reader
            )?;
        }
        match &record.holder {
            Some(holder) => write!(f, "migrator {} has the lock", holder.owner),
            None => write!(f, "no migrator has the lock"),
        }
    }
}

impl Status<'_> {
    fn state(&self, migration: &Migration) -> String {
        if let Some(done) = self.record.done.get(&migration.version) {
            let taken = self.record.taken_by(migration);
            let taken = taken.map(|name| format!("its number is taken by {name:?}: "));
            return format!("{}done {}, {}", taken.unwrap_or_default(), done.at, done.counts);
        }
        if migration.version <= self.record.version {
            return "done".to_owned();
        }
        match &self.record.checkpoint {
            Some(checkpoint) if checkpoint.is_of(migration) => format!("unfinished, {}", checkpoint.counts),
            _ => "missing".to_owned(),
        }
    }
}

impl Display for Preview<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (migration, Counts { seen, changed }) in &self.now {
            if migration.walks_over_items() {
                writeln!(f, "{migration}  would change {changed} of {seen} items")?;
            } else {
                writeln!(f, "{migration}  changes no item")?;
            }
        }
        for migration in self.later {
            writeln!(f, "{migration}  has to wait for a later release")?;
        }
        write!(f, "nothing was written to table {}", self.table)
    }
}
