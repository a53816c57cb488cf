//! What a person reads, and the same as JSON.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::json;

use super::Notice;
use super::figures::{Figures, Goal, Row, Sample};
use crate::{bench::figure_files, host::machine};

/// As people read it.
fn name(notice: Notice) -> &'static str {
    match notice {
        Notice::Webhook => "webhook",
        Notice::GatedWebhook => "webhook, with the gate", // wing: verifier
        Notice::Annotation => "annotation, no webhook",
        Notice::OurPolling => "polling each 60 s (ours)",
        Notice::DefaultPolling => "polling as upstream ships it",
    }
}

/// One release while the run goes on.
pub(crate) fn line(notice: Notice, sample: &Sample) -> String {
    format!(
        "{}: sync began after {:.0} s, first answer {:.1} s, only new answers {:.1} s, {} of {} requests failed",
        name(notice),
        sample.began(),
        sample.first,
        sample.only,
        sample.failed,
        sample.asked
    )
}

/// For the terminal.
pub(crate) fn table(figures: &Figures) -> String {
    let mut text = format!(
        "{:28} {:>8} {:>7} {:>7} {:>7} {:>7} {:>10} {:>11} {:>7}\n",
        "merge → only new answers, s",
        "releases",
        "min",
        "p50",
        "p95",
        "max",
        "by webhook",
        "sync began",
        "failed"
    );
    for row in figures.rows() {
        let Row { only, by_webhook, .. } = row;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:28} {:>8} {:>7.1} {:>7.1} {:>7.1} {:>7.1} {:>9.2}× {:>11.1} {:>7}",
            name(row.notice),
            row.releases,
            only.min,
            only.p50,
            only.p95,
            only.max,
            by_webhook,
            row.began.p50,
            row.failed
        );
    }
    for goal in figures.goals() {
        let _ = writeln!(text, "{}", sentence(&goal));
    }
    text
}

fn sentence(goal: &Goal) -> String {
    format!(
        "{}: {:.2}, goal ≤ {}: {}",
        goal.what,
        goal.found,
        goal.at_most,
        if goal.is_met() { "met" } else { "MISSED" }
    )
}

/// For the docs.
pub(crate) fn page(figures: &Figures) -> String {
    let mut page = format!(
        "<!-- Written by `cargo xtask bench loop --docs`. -->\n\
         Seconds from the merge until only the new version answered, {} cores for both clusters, the forge and AWS together.\n\n\
         | How Argo CD learns of the merge | releases | min | p50 | p95 | max | p50 by the webhook's | sync began, p50 | failed requests |\n\
         |---|---|---|---|---|---|---|---|---|\n",
        machine::cpus()
    );
    for row in figures.rows() {
        let only = row.only;
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} × | {:.1} | {} of {} |",
            name(row.notice),
            row.releases,
            only.min,
            only.p50,
            only.p95,
            only.max,
            row.by_webhook,
            row.began.p50,
            row.failed,
            row.asked
        );
    }
    page.push('\n');
    for goal in figures.goals() {
        let _ = writeln!(page, "- {}", sentence(&goal));
    }
    for row in figures.rows().iter().filter(|row| row.notice == Notice::Webhook) {
        page.push_str(&consists(row));
    }
    page.push_str(
        "\nThese clusters let kube-proxy change its rules sooner than by default (infra/local/kind.yaml, ADR 18). With its default the old pods answer for up to 0.9 s more.\n",
    );
    page
}

/// What the releases of a row spend their time on.
fn consists(row: &Row) -> String {
    let mut text = format!(
        "\nWhat a release by {} consists of, the mean of {}. Argo CD and the nodes count whole seconds, so the first four may each be half a second later:\n\n\
         | until | seconds since the line above |\n|---|---|\n",
        name(row.notice),
        row.releases
    );
    for part in &row.parts {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} | {:.1} |", part.until, part.seconds);
    }
    text
}

/// For programs: every sample, too.
pub(crate) fn json(figures: &Figures) -> Result<String> {
    let samples: Vec<_> = figures
        .samples()
        .iter()
        .map(|(notice, sample)| json!({ "notice": notice, "seconds": sample }))
        .collect();
    let all = json!({
        "cores": machine::cpus(),
        "rows": figures.rows(),
        "goals": figures.goals(),
        "samples": samples,
    });
    figure_files::json(&all)
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::sample;
    use super::*;

    #[test]
    fn the_page_has_a_row_a_way_and_says_what_was_missed() {
        let mut figures = Figures::default();
        figures.add(Notice::Webhook, sample(9.04));
        figures.add(Notice::Annotation, sample(18.08));
        let page = page(&figures);
        assert!(
            page.contains("| webhook | 1 | 9.0 | 9.0 | 9.0 | 9.0 | 1.00 × | 1.0 | 0 of 10 |"),
            "{page}"
        );
        assert!(page.contains("| annotation, no webhook | 1 | 18.1 |"), "{page}");
        assert!(
            page.contains("- p50 by webhook, s: 9.04, goal ≤ 8: MISSED"),
            "{page}"
        );
        assert!(
            page.contains("- p95 by webhook, s: 9.04, goal ≤ 14: met"),
            "{page}"
        );
        let parts = "| Argo CD began to sync | 1.0 |\n| the migration's container began | 1.0 |\n";
        assert!(page.contains(parts), "{page}");
        assert!(
            page.contains("| the new version answered first | 5.0 |"),
            "{page}"
        );
        assert_eq!(table(&figures).lines().count(), 5);
    }
}
