//! The stories a run tells, as data: their order, what each needs to have been told before, and how to tell it.

use std::future::Future;
use std::pin::Pin;

use anyhow::{Result, ensure};
use e2e_report::Outcome;

use crate::actors::walk_by;
use crate::env::Env;
use crate::plan::Step;
use crate::progress::{Progress, StepHandle};
use crate::recorder::Recorder;
use crate::scenarios::{first_sync, migration, page_change, promotion, quiet_bumps};

/// One story.
pub(crate) struct Scenario {
    /// Its name for `--only`, its title, and how long it may take.
    pub(crate) step: Step,
    /// The stories it goes on from.
    pub(crate) needs: &'static [&'static str],
    pub(crate) story: Story,
}

/// Tells a story; an error is the first thing that did not hold.
pub(crate) type Story = for<'a> fn(&'a Env, &'a StepHandle) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// All stories, in the order they are told.
pub(crate) static ALL: [Scenario; 5] = [
    Scenario {
        step: Step::new("first-sync", "first sync", 240),
        needs: &[],
        story: |env, step| Box::pin(first_sync::tell(env, step)),
    },
    Scenario {
        step: Step::new("page-change", "page change to staging", 600),
        needs: &["first-sync"],
        story: |env, step| Box::pin(page_change::tell(env, step)),
    },
    Scenario {
        step: Step::new("promotion", "promotion to production", 300),
        needs: &["page-change"],
        story: |env, step| Box::pin(promotion::tell(env, step)),
    },
    Scenario {
        step: Step::new("migration", "new migration to staging", 600),
        needs: &["first-sync"],
        story: |env, step| Box::pin(migration::tell(env, step)),
    },
    Scenario {
        step: Step::new("quiet-bumps", "bumps start no build", 60),
        needs: &["first-sync"],
        story: |env, step| Box::pin(quiet_bumps::tell(env, step)),
    },
];

/// The chosen stories and those they need, in order; all if none is named.
pub(crate) fn select(only: &[String]) -> Result<Vec<&'static Scenario>> {
    for name in only {
        let known: Vec<&str> = ALL.iter().map(|scenario| scenario.step.id).collect();
        ensure!(
            known.contains(&name.as_str()),
            "no scenario is called {name}; there are: {}",
            known.join(", ")
        );
    }
    let mut wanted: Vec<&str> = only.iter().map(String::as_str).collect();
    // Needs come before what needs them, so one walk from the end finds all.
    for scenario in ALL.iter().rev() {
        if wanted.contains(&scenario.step.id) {
            wanted.extend(scenario.needs);
        }
    }
    Ok(ALL
        .iter()
        .filter(|scenario| only.is_empty() || wanted.contains(&scenario.step.id))
        .collect())
}

/// Tell the stories one after the other. The first that fails ends it: what comes later goes on from it.
pub(crate) async fn run(progress: &Progress, env: &Env, chosen: &[&'static Scenario]) -> Result<()> {
    ensure!(
        !chosen.is_empty(),
        "no scenario was chosen, so nothing would be proved"
    );
    // Until all is told.
    let _passers_by = walk_by(progress.recorder(), env);
    for scenario in chosen {
        progress
            .story(&scenario.step, async |step| (scenario.story)(env, step).await)
            .await?;
    }
    Ok(())
}

/// Record the stories that were not told, and why.
pub(crate) fn note_untold(recorder: &Recorder, chosen: &[&'static Scenario]) {
    let steps = recorder.steps();
    let failed = steps
        .iter()
        .find(|step| matches!(step.outcome, Outcome::Failed(_)));
    for scenario in &ALL {
        let is = |id: &str| scenario.step.id == id;
        if steps.iter().any(|step| is(&step.id)) {
            continue;
        }
        let why = if !chosen.iter().any(|chosen| is(chosen.step.id)) {
            "not asked for (--only)".to_owned()
        } else if let Some(step) = failed {
            format!("“{}” failed before it", step.title)
        } else {
            "the run was ended before it".to_owned()
        };
        recorder.skip(&scenario.step, &why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::History;

    fn selected(only: &[&str]) -> Vec<&'static str> {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        select(&only)
            .unwrap()
            .iter()
            .map(|scenario| scenario.step.id)
            .collect()
    }

    #[test]
    fn what_a_story_needs_comes_with_it_in_order() {
        assert_eq!(
            selected(&["promotion"]),
            ["first-sync", "page-change", "promotion"]
        );
        assert_eq!(selected(&["migration"]), ["first-sync", "migration"]);
        assert_eq!(selected(&[]).len(), ALL.len());
    }

    #[test]
    fn every_need_is_told_earlier() {
        for (index, scenario) in ALL.iter().enumerate() {
            for need in scenario.needs {
                assert!(
                    ALL[..index].iter().any(|earlier| earlier.step.id == *need),
                    "{need}"
                );
            }
        }
    }

    #[tokio::test]
    async fn every_story_that_was_not_told_says_why() {
        let progress = Progress::new(1, History::new());
        let chosen = select(&["promotion".to_owned()]).unwrap();
        progress.story(&chosen[0].step, async |_| Ok(())).await.unwrap();
        let failed = progress.story(&chosen[1].step, async |_| anyhow::bail!("no"));
        assert!(failed.await.is_err());
        note_untold(progress.recorder(), &chosen);
        let steps = progress.recorder().steps();
        assert_eq!(steps.len(), ALL.len());
        let why = |id: &str| match &steps.iter().find(|step| step.id == id).unwrap().outcome {
            Outcome::Skipped(why) => why.clone(),
            other => other.word().to_owned(),
        };
        assert_eq!(
            ["first-sync", "page-change", "promotion", "migration"].map(why),
            [
                "passed",
                "failed",
                "“page change to staging” failed before it",
                "not asked for (--only)"
            ]
        );
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = select(&["promotoin".to_owned()])
            .err()
            .expect("must be refused")
            .to_string();
        assert!(
            error.contains("promotoin") && error.contains("promotion,"),
            "{error}"
        );
    }
}
