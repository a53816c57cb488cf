//! Which migrations a run may do.

use anyhow::{Result, bail};

use super::{Migration, Phase};

/// What a run does, and what it leaves to a later one.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) now: &'a [Migration],
    /// Contractions for which it is too early.
    pub(super) later: &'a [Migration],
}

/// Schema that the code with `migrations` needs. No code needs a contraction: what it takes away is
/// not used any more.
pub(super) fn required(migrations: &[Migration]) -> u32 {
    let needed = |migration: &&Migration| !matches!(migration.phase, Phase::Contract { .. });
    migrations
        .iter()
        .rev()
        .find(needed)
        .map_or(0, |migration| migration.version)
}

/// Splits what is missing on a table at schema `version`, while code serves that needs no more than
/// schema `from`.
///
/// A contraction that such code would not survive has to wait for a later release, before which
/// newer code has served. Where `from` is 0 no code is ready, so nothing has to wait.
pub(super) fn plan(migrations: &[Migration], version: u32, from: u32) -> Result<Plan<'_>> {
    let missing = &migrations[migrations.partition_point(|migration| migration.version <= version)..];
    let too_early = |migration: &Migration| matches!(migration.phase, Phase::Contract { readers } if 0 < from && from < readers);
    let end = missing.iter().position(too_early).unwrap_or(missing.len());
    let (now, later) = missing.split_at(end);
    if let (Some(contract), true) = (later.first(), required(later) > 0) {
        bail!(
            "code of schema {from} may still serve and would not survive migration {} ({}), which others follow: release a \
             commit whose newest migration is {} first, then this one (docs/MIGRATIONS.md, \"When a contraction is refused\")",
            contract.version,
            contract.name,
            contract.version - 1
        );
    }
    Ok(Plan { now, later })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[Migration] = &[
        Migration::expand(1, "baseline"),
        Migration::expand(2, "write both"),
        Migration::backfill(3, "fill", |_| Ok(None)),
        Migration::contract(4, "drop", 3, |_| Ok(None)),
    ];

    fn versions(migrations: &[Migration]) -> Vec<u32> {
        migrations.iter().map(|migration| migration.version).collect()
    }

    #[test]
    fn a_contraction_waits_for_code_that_does_without() {
        for (version, from, now, later) in [
            (0, 0, vec![1, 2, 3, 4], vec![]),
            (1, 1, vec![2, 3], vec![4]),
            (2, 2, vec![3], vec![4]),
            (3, 3, vec![4], vec![]),
            (4, 4, vec![], vec![]),
            (9, 9, vec![], vec![]),
            // The migrations before it are done, but older code still serves.
            (3, 1, vec![], vec![4]),
            (3, 0, vec![4], vec![]),
        ] {
            let plan = plan(LIST, version, from).unwrap();
            assert_eq!(
                (versions(plan.now), versions(plan.later)),
                (now, later),
                "schema {version}, from {from}"
            );
        }
        assert_eq!(required(LIST), 3);
    }

    #[test]
    fn what_follows_a_contraction_cannot_overtake_it() {
        let list = [LIST, &[Migration::expand(5, "next")]].concat();
        assert_eq!(versions(plan(&list, 3, 3).unwrap().now), [4, 5]);
        let error = plan(&list, 2, 2).unwrap_err().to_string();
        assert!(
            error.contains("release a commit whose newest migration is 3 first"),
            "{error}"
        );
        // The commit in between is safe on that table: alone, and before what follows.
        assert_eq!(versions(plan(&list[..3], 2, 2).unwrap().now), [3]);
        // Where it is said how an environment gets it.
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/MIGRATIONS.md");
        let page = std::fs::read_to_string(page).unwrap();
        let (_, heading) = error.split_once("docs/MIGRATIONS.md, \"").unwrap();
        let (heading, _) = heading.split_once('"').unwrap();
        assert!(page.contains(&format!("\n### {heading}\n")), "{heading}");
    }
}
