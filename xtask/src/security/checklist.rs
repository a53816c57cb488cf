//! docs/CHECKLIST.md: what to expect of a delivery pipeline, and which test or scenario proves it.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};

use super::points::{POINTS, Point, SCORECARD, Shown};
use super::sources::{SCENARIOS, Sources};

/// Its table is written by `cargo xtask security`.
pub(super) const PAGE: &str = "docs/CHECKLIST.md";

/// The one file with it.
fn file_of(sources: &Sources, shown: Shown) -> Result<&str> {
    let what = shown.name;
    let (sign, below) = if shown.is_scenario {
        (format!("Step::new(\"{what}\""), SCENARIOS)
    } else {
        (format!("fn {what}("), "")
    };
    let found = sources.with(below, &sign);
    let place = if below.is_empty() { "here" } else { below };
    ensure!(
        !found.is_empty(),
        "the checklist names {what}, but no file below {place} has `{sign}`"
    );
    ensure!(
        found.len() == 1,
        "{what} is in more than one file: {}",
        found.join(", ")
    );
    if !shown.is_scenario {
        sources.is_run(found[0], what)?;
    }
    Ok(found[0])
}

/// The rows of the page; an error if one claims something that is not there.
pub(super) fn table(sources: &Sources) -> Result<String> {
    let ours = table_of(POINTS, sources)?;
    let scorecard = table_of(SCORECARD, sources).context("of Scorecard's checks")?;
    Ok(format!(
        "{ours}\n## Checks of OpenSSF's Scorecard\n\nThese were compared by hand, because `scorecard` itself needs the repository on a forge.\n\n{scorecard}"
    ))
}

fn table_of(points: &[Point], sources: &Sources) -> Result<String> {
    let mut rows = "| | what must hold | proven by | not proven |\n|---|---|---|---|\n".to_owned();
    for (place, point) in (1..).zip(points) {
        let Point {
            number,
            holds,
            missing,
            ..
        } = point;
        ensure!(*number == place, "point {number} stands at place {place}");
        ensure!(
            !point.shown.is_empty() || !missing.is_empty(),
            "point {number} is neither shown nor said to be missing"
        );
        let shown = point.shown.iter().map(|shown| {
            let file = file_of(sources, *shown).with_context(|| format!("point {number}"))?;
            let what = if shown.is_scenario { "scenario " } else { "" };
            Ok(format!("[{what}`{}`](../{file})", shown.name))
        });
        let shown = shown.collect::<Result<Vec<_>>>()?.join("<br>");
        writeln!(rows, "| {number} | {holds} | {shown} | {missing} |").context("write a row")?;
    }
    let whole = points.iter().filter(|point| point.missing.is_empty()).count();
    let part = points
        .iter()
        .filter(|point| !point.missing.is_empty() && !point.shown.is_empty())
        .count();
    let none = points.len() - whole - part;
    writeln!(rows, "\nProven: {whole}; partly: {part}; not: {none}.").context("write the sum")?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        Sources::of(&[
            (
                "a.rs",
                "#[test]\nfn first() {}\nStep::new(\"elsewhere\", 1)\nfn helper() {}",
            ),
            ("b.rs", "fn twice() {}"),
            ("c.rs", "fn twice() {}"),
            ("tools/e2e/src/scenarios/main/a.rs", "Step::new(\"scenario\", 1)"),
        ])
    }

    fn point(shown: &'static [Shown], missing: &'static str) -> Point {
        Point {
            number: 1,
            holds: "it holds",
            shown,
            missing,
        }
    }

    #[test]
    fn a_row_leads_to_what_shows_it() {
        let point = point(
            &[
                Shown {
                    name: "first",
                    is_scenario: false,
                },
                Shown {
                    name: "scenario",
                    is_scenario: true,
                },
            ],
            "",
        );
        let rows = table_of(&[point], &sources()).unwrap();
        assert_eq!(
            rows.lines().nth(2).unwrap(),
            "| 1 | it holds | [`first`](../a.rs)<br>[scenario `scenario`](../tools/e2e/src/scenarios/main/a.rs) |  |"
        );
        assert!(rows.ends_with("\nProven: 1; partly: 0; not: 0.\n"), "{rows}");
    }

    #[test]
    fn what_is_not_there_cannot_be_claimed() {
        for (shown, complaint) in [
            (
                &[Shown {
                    name: "second",
                    is_scenario: false,
                }][..],
                "`fn second(`",
            ),
            (
                &[Shown {
                    name: "helper",
                    is_scenario: false,
                }],
                "is no test",
            ),
            (
                &[Shown {
                    name: "twice",
                    is_scenario: false,
                }],
                "more than one file: b.rs, c.rs",
            ),
            (
                &[Shown {
                    name: "elsewhere",
                    is_scenario: true,
                }],
                "no file below tools/e2e/src/scenarios/",
            ),
            (&[], "neither shown nor said to be missing"),
        ] {
            let error = table_of(&[point(shown, "")], &sources()).unwrap_err();
            assert!(format!("{error:#}").contains(complaint), "{error:#}");
        }
    }
}
