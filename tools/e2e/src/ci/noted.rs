//! What the report says of a run of CI.

use e2e_report::{Image, Milestone};

use super::{Ci, Event};
use crate::environment::Environment;
use crate::report::recorder::Way;
use crate::run::StepHandle;

impl Ci {
    /// Notes on the way of `commit` to `environment` when CI ran for it, well or not, where its log
    /// is, and what it built.
    pub(crate) fn note(&self, way: &Way, environment: Environment, commit: &str, step: &StepHandle) {
        let ledger = self.ledger();
        let runs = ledger.runs_of(commit).into_iter();
        let Some(run) = runs.rev().find(|run| run.branch == environment.branch()) else {
            return;
        };
        for (milestone, time) in [
            (Milestone::BuildBegan, run.began),
            (Milestone::BuildEnded, run.ended),
        ] {
            if let Some(time) = time {
                way.mark_time(milestone, time);
            }
        }
        if let Some(name) = run.log.file_name() {
            step.file(format!("ci/{}", name.to_string_lossy()));
        }
        // Events that cannot be read fail the scenario that asks for them; a report goes without.
        for event in run.events().unwrap_or_default() {
            if let Some(image) = image(event) {
                way.image(image);
            }
        }
    }
}

fn image(event: Event) -> Option<Image> {
    let Event::Built {
        app,
        image,
        megabytes,
    } = event
    else {
        return None;
    };
    let (_, tag) = image.rsplit_once(':')?;
    let tag = tag.to_owned();
    Some(Image { app, tag, megabytes })
}
