//! `report.html`: one self-contained page, without scripts or network access. The templates hold
//! text and structure, these modules the numbers: where a bar begins, how long it is, what it says.

mod head;
mod load;
mod parts;
mod scale;
mod scenarios;
mod timeline;
mod traffic;
mod visits;
mod ways;
mod words;

use std::path::Path;

use askama::Template;

use crate::{Error, Outcome, Report, StepRecord};

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    head: head::Head,
    ways: Vec<ways::Track>,
    visits: visits::Visits,
    traffic: Vec<traffic::Chart>,
    scenarios: scenarios::Scenarios,
    timeline: timeline::Timeline,
    parts: parts::Parts,
    load: load::Load,
}

impl Report {
    /// The page of the run in `folder`; files that are not there are named, but are no links.
    pub fn html(&self, folder: &Path) -> Result<String, Error> {
        let page = Page {
            head: head::Head::of(self),
            ways: ways::tracks(self),
            visits: visits::Visits::of(self),
            traffic: traffic::charts(self),
            scenarios: scenarios::Scenarios::of(self, folder),
            timeline: timeline::Timeline::of(self),
            parts: parts::Parts::of(self),
            load: load::Load::of(self),
        };
        Ok(page.render()?)
    }

    /// The scenarios that were breaking something at this second of the run.
    fn breaking_at(&self, at: f64) -> impl Iterator<Item = &StepRecord> {
        self.steps.iter().filter(move |step| {
            step.failure.is_some()
                && !matches!(step.outcome, Outcome::Skipped(_))
                && (step.began..=step.began + step.seconds).contains(&at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn page(report: &Report) -> String {
        report.html(Path::new("nowhere")).unwrap()
    }

    #[test]
    fn text_from_outside_stays_text() {
        let html = page(&sample::failed());
        for word in [
            "<script",
            "<img",
            "onerror=alert(1)>",
            "<b>page",
            "href=\"javascript:",
        ] {
            assert!(!html.contains(word), "{word} got through");
        }
        assert!(html.contains("&#60;script&#62;alert(&#39;x&#39;)"), "{html}");
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let html = page(&sample::passed());
        assert!(html.contains("default-src 'none'"));
        for word in ["src=", "url(", "@import", "<link", "http://", "https://"] {
            assert!(!html.contains(word), "{word}");
        }
    }

    #[test]
    fn a_failed_run_begins_with_its_cause() {
        let html = page(&sample::failed());
        let cause = html.find("id=\"diagnosis\"").expect("a diagnosis");
        assert!(cause < html.find("<h2").unwrap() && html.contains(">Failed<"));
        assert!(!page(&sample::passed()).contains("id=\"diagnosis\""));
    }

    #[test]
    fn a_skipped_scenario_says_why() {
        let html = page(&sample::failed());
        assert!(html.contains("skipped") && html.contains("&#60;/b&#62; change” failed before it"));
    }

    #[test]
    fn only_files_that_are_there_become_links() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("ci")).unwrap();
        for file in ["ci/2-master.log", crate::RELEASES] {
            let link = format!("href=\"{file}\"");
            assert!(!sample::passed().html(folder.path()).unwrap().contains(&link));
            std::fs::write(folder.path().join(file), "").unwrap();
            assert!(sample::passed().html(folder.path()).unwrap().contains(&link));
        }
    }

    #[test]
    fn a_report_with_nothing_in_it_is_a_page_too() {
        assert!(page(&Report::default()).contains("</html>"));
    }
}
