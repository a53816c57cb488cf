//! The same as a page: one file without scripts, that asks nobody for anything.

use anyhow::{Context as _, Result};
use askama::Template;

use super::{DAYS, Figures, length, time};
use crate::ci::git::short;
use crate::environment::project;

#[derive(Template)]
#[template(path = "releases.html")]
struct Page<'a> {
    project: &'a str,
    now: String,
    days: u64,
    all: Vec<Card<'a>>,
}

/// What is shown of one environment.
struct Card<'a> {
    figures: &'a Figures,
    /// As people name the commit.
    short: &'a str,
    since: Option<String>,
    lead_time: String,
    time_to_restore: String,
}

impl<'a> Card<'a> {
    fn of(figures: &'a Figures) -> Self {
        Self {
            figures,
            short: figures.commit.as_deref().map_or("nothing that is known", short),
            since: figures.since.map(time),
            lead_time: length(figures.lead_time),
            time_to_restore: length(figures.time_to_restore),
        }
    }
}

/// All environments at this point in time.
pub(crate) fn html(all: &[Figures], now: u64) -> Result<String> {
    let page = Page {
        project: project().name(),
        now: time(now),
        days: DAYS,
        all: all.iter().map(Card::of).collect(),
    };
    page.render().context("write the page of the releases")
}

#[cfg(test)]
mod tests {
    use super::super::tests::staging;
    use super::*;

    #[test]
    fn the_page_says_what_runs_and_what_waits_and_needs_nothing_from_elsewhere() {
        let mut one = staging();
        one.waits = true;
        one.next = vec!["backend: no status <b>".to_owned()];
        let nothing = Figures::from("production", None, &[], 0);
        let html = html(&[one, nothing], 0).unwrap();
        for part in [
            "<h2 id=\"staging\">",
            "<dd class=\"waits\"><ul><li>backend: no status &#60;b&#62;</li>",
            "<time datetime=\"1970-04-10T00:00:00Z\">",
            "3 in 30 days",
            "100 s, from the commit",
            "<dd>1 of 3</dd>",
            "<dd>10 min</dd>",
            "nothing that is known",
            "<dd>none yet</dd>",
        ] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        for part in ["src=", "url(", "@import", "<link", "<script", "http:", "https:"] {
            assert!(!html.contains(part), "{part}");
        }
    }
}
