//! The figures as a table in Markdown.

use std::fmt::Write as _;

use super::{Figures, Measured, Took};

/// The systems, as `--ci` takes them and as people write them.
const SYSTEMS: [(&str, &str); 3] = [
    ("codebuild", "CodeBuild"),
    ("github", "GitHub"),
    ("gitlab", "GitLab"),
];
/// In the order in which CI calls them.
const VERBS: [&str; 4] = ["plan", "build", "push", "propose"];
/// The verbs together may take this long after a change of a few lines, in seconds.
const GOAL_OF_A_CHANGE: f64 = 45.0;
/// And this long where nothing is to be built.
const GOAL_OF_NOTHING: f64 = 3.0;

/// The whole page.
pub(super) fn written(figures: &Figures) -> String {
    let mut page = String::from(
        "<!-- Written by `cargo xtask bench ci --docs`. -->\n\
         Seconds of one run each on the clusters of the e2e. A change is a push to `master` of a few lines of one app, on a machine that \
         keeps what it compiled; a promotion is a push to `production`, where nothing is built. The whole run begins with its checkout.\n\n",
    );
    let names = SYSTEMS.map(|(_, name)| name).join(" | ");
    let _ = write!(page, "| | {names} |\n|---|---|---|---|\n");
    let mut row = |title: &str, cell: &dyn Fn(&Measured) -> Option<String>| {
        let cells = SYSTEMS.map(|(system, _)| {
            let cell = figures.get(system).and_then(cell);
            cell.unwrap_or_else(|| "not measured".to_owned())
        });
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| {title} | {} |", cells.join(" | "));
    };
    for (what, goal, took) in [
        (
            "a change",
            GOAL_OF_A_CHANGE,
            of_change as fn(&Measured) -> Option<&Took>,
        ),
        ("a promotion", GOAL_OF_NOTHING, of_promotion),
    ] {
        row(&format!("{what}: the whole run"), &|measured| {
            took(measured).map(|took| format!("{:.1}", took.whole))
        });
        row(&format!("{what}: {}", VERBS.join(" · ")), &|measured| {
            took(measured).map(of_verbs)
        });
        row(
            &format!("{what}: the verbs together, goal ≤ {goal:.0}"),
            &|measured| took(measured).map(|took| together(took, goal)),
        );
    }
    row("measured", &|measured| {
        Some(format!(
            "{}, {} CPUs, {:.0} GB, commit {}",
            measured.on,
            measured.cpus,
            measured.memory_gb,
            measured.commit.get(..10).unwrap_or(&measured.commit)
        ))
    });
    page
}

fn of_change(measured: &Measured) -> Option<&Took> {
    measured.change.as_ref()
}

fn of_promotion(measured: &Measured) -> Option<&Took> {
    measured.promotion.as_ref()
}

fn of_verbs(took: &Took) -> String {
    let seconds = VERBS.map(|verb| match took.verbs.get(verb) {
        Some(seconds) => format!("{seconds:.1}"),
        None => "–".to_owned(),
    });
    seconds.join(" · ")
}

fn together(took: &Took, goal: f64) -> String {
    let sum: f64 = VERBS.iter().filter_map(|verb| took.verbs.get(*verb)).sum();
    let met = if sum <= goal { "met" } else { "**not met**" };
    format!("{sum:.1} {met}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_that_is_missed_and_a_system_that_did_not_run_are_seen() {
        let took = Took {
            whole: 60.0,
            verbs: [("plan".to_owned(), 0.5), ("build".to_owned(), 50.0)].into(),
        };
        let measured = Measured {
            on: "2026-11-21".to_owned(),
            commit: "0123456789abcdef".to_owned(),
            cpus: 2,
            memory_gb: 8.3,
            change: Some(took),
            promotion: None,
        };
        let page = written(&[("github".to_owned(), measured)].into());
        for line in [
            "| a change: the whole run | not measured | 60.0 | not measured |",
            "| a change: plan · build · push · propose | not measured | 0.5 · 50.0 · – · – | not measured |",
            "| a change: the verbs together, goal ≤ 45 | not measured | 50.5 **not met** | not measured |",
            "| measured | not measured | 2026-11-21, 2 CPUs, 8 GB, commit 0123456789 | not measured |",
        ] {
            assert!(page.contains(line), "{line} is not in\n{page}");
        }
    }
}
