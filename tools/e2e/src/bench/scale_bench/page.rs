//! What a person reads, and the same as JSON.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::figures::{Cost, Row};
use crate::{bench::figure_files, host::machine};

/// What is kept for programs, and for the next run that measures only a part.
#[derive(Serialize, Deserialize)]
struct Kept {
    cores: usize,
    rows: Vec<Row>,
}

/// One row while the run goes on, and what the terminal shows last.
pub(super) fn line(row: &Row) -> String {
    format!(
        "{} apps on {}, {}: all Synced and Healthy after {} s; one changed in {} s, p95 {} s; all in {} s; the forge is asked {} times a minute{}",
        row.apps,
        clusters(row),
        row.settings,
        figure(row.synced),
        figure(row.one().map(|one| one.p50)),
        figure(row.one().map(|one| one.p95)),
        figure(row.all().map(|all| all.p50)),
        figure(row.asked_a_minute),
        row.broke.iter().fold(String::new(), |all, one| all + "; " + one),
    )
}

/// For the docs.
pub(super) fn page(rows: &[Row]) -> String {
    let mut page = format!(
        "<!-- Written by `cargo xtask bench scale --docs`. -->\n\
         {} cores for both clusters, the forge and AWS together; each app is a service account, a headless Service and a Deployment without pods. \
         A number in brackets is by ours in the same run.\n\n\
         | apps | clusters | settings | all Synced and Healthy, s | one changed, p50, s | p95, s | all changed, p50, s | looks at the forge a minute |\n\
         |---|---|---|---|---|---|---|---|\n",
        machine::cpus()
    );
    for row in rows {
        let ours = rows.iter().find(|other| other.is_beside(row));
        let beside =
            |of: fn(&Row) -> Option<f64>| compared(of(row), ours.filter(|ours| *ours != row).and_then(of));
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.apps,
            row.clusters,
            row.settings,
            beside(|row| row.synced),
            beside(|row| row.one().map(|one| one.p50)),
            beside(|row| row.one().map(|one| one.p95)),
            beside(|row| row.all().map(|all| all.p50)),
            beside(|row| row.asked_a_minute),
        );
    }
    page.push_str(
        "\nOf the first cluster: memory and CPU while nothing changes, and the CPU seconds until all were Synced and Healthy. \
         A Redis, an API server and an etcd serve the sample's own apps too.\n\n\
         | apps | clusters | settings | part | memory, MiB | idle, % of a core | made, CPU s | made, CPU ms an app |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        for (part, Cost { memory, making, idle }) in &row.parts {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {part} | {memory:.0} | {idle:.1} | {making:.1} | {:.0} |",
                row.apps,
                row.clusters,
                row.settings,
                making * 1000.0 / f64::from(row.apps)
            );
        }
    }
    page.push('\n');
    for row in rows {
        for sentence in sentences(row) {
            let _ = writeln!(
                page,
                "- {} apps on {}, {}: {sentence}",
                row.apps,
                clusters(row),
                row.settings
            );
        }
    }
    page
}

/// What there is to say of it besides figures.
fn sentences(row: &Row) -> Vec<String> {
    let goal = row.goal().map(|goal| {
        let met = if goal.is_met() { "met" } else { "MISSED" };
        format!(
            "p50 of one app {:.1} s, goal ≤ {} s: {met}",
            goal.found, goal.at_most
        )
    });
    row.broke.iter().cloned().chain(goal).collect()
}

fn clusters(row: &Row) -> String {
    match row.clusters {
        1 => "one cluster".to_owned(),
        more => format!("each of {more} clusters"),
    }
}

fn figure(figure: Option<f64>) -> String {
    figure.map_or("–".to_owned(), |figure| format!("{figure:.1}"))
}

/// A figure, and how often it has that of ours.
fn compared(found: Option<f64>, ours: Option<f64>) -> String {
    match (found, ours) {
        (Some(found), Some(ours)) if ours > 0.0 => format!("{found:.1} ({:.2} ×)", found / ours),
        _ => figure(found),
    }
}

/// For programs.
pub(super) fn json(rows: &[Row]) -> Result<String> {
    let kept = Kept {
        cores: machine::cpus(),
        rows: rows.to_vec(),
    };
    figure_files::json(&kept)
}

/// The rows of an earlier run.
pub(super) fn rows(json: &str) -> Result<Vec<Row>> {
    let kept: Kept = serde_json::from_str(json).context("understand what an earlier run measured")?;
    Ok(kept.rows)
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::row;
    use super::*;

    #[test]
    fn settings_are_compared_with_ours_of_the_same_number_of_apps() {
        let rows_now = [
            row(10, "ours", 4.0),
            row(100, "ours", 10.0),
            row(100, "upstream's", 25.0),
        ];
        let page = page(&rows_now);
        assert!(
            page.contains("\n| 10 | 1 | ours | 4.0 | 3.0 | 11.0 | 5.0 | 12.0 |\n"),
            "{page}"
        );
        assert!(
            page.contains("\n| 100 | 1 | upstream's | 25.0 (2.50 ×) | 3.0 (1.00 ×) |"),
            "{page}"
        );
        assert!(
            page.contains("\n| 100 | 1 | ours | controller | 200 | 2.5 | 4.0 | 40 |\n"),
            "{page}"
        );
        assert!(
            page.contains("- 100 apps on one cluster, ours: p50 of one app 3.0 s, goal ≤ 10 s: met\n"),
            "{page}"
        );
        assert_eq!(rows(&json(&rows_now).unwrap()).unwrap(), rows_now);
    }

    #[test]
    fn what_broke_is_said_and_has_no_figure() {
        let mut row = row(1000, "ours", 1.0);
        row.synced = None;
        row.broke = vec!["the controller was restarted 2 times (OOMKilled)".to_owned()];
        let page = page(&[row]);
        assert!(page.contains("\n| 1000 | 1 | ours | – | 3.0 |"), "{page}");
        assert!(
            page.contains(
                "- 1000 apps on one cluster, ours: the controller was restarted 2 times (OOMKilled)\n"
            ),
            "{page}"
        );
    }
}
