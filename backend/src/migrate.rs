//! Data migrations: the list of them, and the subcommand that runs them.
//!
//! Numbered, idempotent, recorded in the table. Code of the release before serves while one runs:
//! expand, backfill, contract. Tables and indexes are no business of migrations; the
//! infrastructure's template makes them.

mod change;
mod limiter;
mod lock;
mod m0001_baseline;
mod m0002_board;
mod migration;
mod migrator;
mod patient;
mod plan;
mod progress;
mod record;
mod release;
mod status;
mod walk;

use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Result;

pub use change::Change;
pub use migration::{Migration, Phase, Transform};
pub(crate) use migrator::UNKNOWN_COMMIT;
pub use migrator::{Applied, Counts, Migrator, Patience, Report};
pub use record::{Checkpoint, Done, Holder, Record, Unfit, schema_version};
pub use release::Release;
pub use status::{Preview, Status};

use crate::config::{self, MigrateAction};
use crate::dynamodb::{self, Table};

/// All migrations, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    m0001_baseline::MIGRATION,
    m0002_board::MIGRATION,
    // The next one goes here.
];

/// A migrator that stopped without a word blocks the next one for this long.
const LEASE: Duration = Duration::from_secs(20);

/// Longer than a server's readiness takes to fail (`infra/backend/base/deployment.yaml`) and its
/// Service to look away.
const LEAVE: Duration = Duration::from_secs(10);

/// Schema this code needs.
pub fn required_version() -> u32 {
    plan::required(MIGRATIONS)
}

/// The subcommand `migrate`.
pub async fn run(config: config::Migrate) -> Result<()> {
    let table = dynamodb::table(&config.table).await;
    let patience = Patience {
        wait: config.migrate_wait_seconds,
        lease: LEASE,
        leave: LEAVE,
    };
    let migrator = Migrator {
        commit: &config.app_commit,
        items_per_second: NonZeroU32::new(config.migrate_items_per_second),
        ..Migrator::new(&table, MIGRATIONS, patience)
    };
    match config.action {
        Some(MigrateAction::Status) => println!("{}", migrator.status().await?),
        Some(MigrateAction::Up { dry_run: true }) => println!("{}", migrator.preview().await?),
        Some(MigrateAction::Up { dry_run: false }) | None => {
            migrator.up(serverkit::shutdown::requested()).await?;
        }
    }
    Ok(())
}

/// Brings `table` to the newest schema. Safe to repeat, safe to run twice at once.
pub async fn to_newest(table: &Table, patience: Patience) -> Result<Report> {
    Migrator::new(table, MIGRATIONS, patience)
        .up(std::future::pending())
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for (index, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.version, index, "{}", migration.name);
        }
    }

    #[test]
    fn older_servers_have_left_their_service_before_a_contraction_changes_anything() {
        let deployment = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../infra/backend/base/deployment.yaml"
        );
        let deployment = std::fs::read_to_string(deployment).unwrap();
        let (_, probe) = deployment.split_once("readinessProbe:").unwrap();
        let number = |name: &str| -> u64 {
            let (_, rest) = probe.split_once(&format!(" {name}: ")).unwrap();
            rest.lines().next().unwrap().trim().parse().unwrap()
        };
        // One period may have just begun, and the last probe may be slow.
        let unready = number("periodSeconds") * (number("failureThreshold") + 1) + number("timeoutSeconds");
        assert!(Duration::from_secs(unready) < LEAVE, "{unready} s");
    }

    #[test]
    fn contractions_ask_for_code_that_was_there_before_them() {
        for migration in MIGRATIONS {
            if let Phase::Contract { readers } = migration.phase {
                assert!((1..migration.version).contains(&readers), "{}", migration.name);
            }
        }
    }
}
