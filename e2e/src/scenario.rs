//! The stories a run tells, as data: their order, what each needs to have been told before, and how to tell it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use anyhow::{Error, Result, ensure};
use clap::ValueEnum;
use e2e_report::Outcome;

use crate::actors::{Operator, walk_by};
use crate::diagnose;
use crate::env::Env;
use crate::environment::Environment;
use crate::first_release::application;
use crate::gitops;
use crate::plan::{self, Step};
use crate::progress::{Progress, StepHandle};
use crate::recorder::Recorder;
use crate::scenarios::ALL;

/// As git names it.
const EVERYTHING: &str = ".";
/// How long an environment may take to come to rest.
const CALM: Duration = Duration::from_mins(2);

/// One story.
pub(crate) struct Scenario {
    /// Its name for `--only`, its title, and how long it may take.
    pub(crate) step: Step,
    pub(crate) suite: Suite,
    /// The stories it goes on from.
    pub(crate) needs: &'static [&'static str],
    /// Its row in docs/FAILURES.md, if it is about something that goes wrong.
    pub(crate) failure: Option<Failure>,
    pub(crate) story: Story,
}

/// Which stories belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// A commit goes live in staging and production. Each story goes on from what the one before it released, so the first
    /// that fails ends the run.
    Main,
    /// What goes wrong. Each story begins and ends with everything Synced and Healthy, so one that fails does not keep the
    /// next from being told. Told only when asked for: they take three times as long as the loop itself.
    Failures,
    /// What is claimed of security. As independent as the failures, and told only when asked for, too.
    Posture,
    /// The images are made again. Told only when asked for: everything is compiled once more.
    Reproduction,
}

/// What somebody to whom it happens wants to know. Markdown, one sentence or two each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    /// What is done, or what breaks.
    pub(crate) cause: &'static str,
    /// What then happens by itself, for people outside and in Argo CD.
    pub(crate) effect: &'static str,
    /// How long that takes at most: the bound that the story asserts.
    pub(crate) within: &'static str,
    /// What to do about it.
    pub(crate) way_out: &'static str,
}

impl Suite {
    /// As it stands in a report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Failures => "failures",
            Self::Posture => "posture",
            Self::Reproduction => "reproduction",
        }
    }
}

impl Failure {
    /// As it stands in a report.
    pub(crate) fn told(self) -> e2e_report::Failure {
        e2e_report::Failure {
            cause: self.cause.to_owned(),
            effect: self.effect.to_owned(),
            within: self.within.to_owned(),
            way_out: self.way_out.to_owned(),
        }
    }
}

/// Tells a story; an error is the first thing that did not hold.
pub(crate) type Story = for<'a> fn(&'a Env, &'a StepHandle) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// The chosen stories and those they need, in order; if none is named, those of the loop itself.
pub(crate) fn select(only: &[String], suites: &[Suite]) -> Result<Vec<&'static Scenario>> {
    for name in only {
        let known: Vec<&str> = ALL.iter().map(|scenario| scenario.step.id).collect();
        ensure!(
            known.contains(&name.as_str()),
            "no scenario is called {name}; there are: {}",
            known.join(", ")
        );
    }
    let all = only.is_empty() && suites.is_empty();
    let mut wanted: Vec<&str> = only.iter().map(String::as_str).collect();
    let of_suites = ALL.iter().filter(|scenario| suites.contains(&scenario.suite));
    wanted.extend(of_suites.map(|scenario| scenario.step.id));
    // Needs come before what needs them, so one walk from the end finds all.
    for scenario in ALL.iter().rev() {
        if wanted.contains(&scenario.step.id) {
            wanted.extend(scenario.needs);
        }
    }
    let chosen = |scenario: &&Scenario| {
        let by_itself = all && scenario.suite == Suite::Main;
        by_itself || wanted.contains(&scenario.step.id)
    };
    Ok(ALL.iter().filter(chosen).collect())
}

/// Tell the stories one after the other, those of `main` until the first that fails.
pub(crate) async fn run(progress: &Progress, env: &mut Env, chosen: &[&'static Scenario]) -> Result<()> {
    ensure!(
        !chosen.is_empty(),
        "no scenario was chosen, so nothing would be proved"
    );
    // Until all is told.
    let _passers_by = walk_by(progress.recorder(), env);
    let mut failed = Vec::new();
    for scenario in chosen {
        let before = Heads::of(env).await?;
        let told = progress.story(&scenario.step, async |step| tell(scenario, env, step).await);
        let told = told.await;
        env.renew();
        let Err(error) = told else { continue };
        save_state(progress, env, scenario.step.id).await;
        if scenario.suite == Suite::Main {
            return Err(error);
        }
        failed.push((scenario.step.id, error));
        progress.say("putting the manifests back as they were");
        if let Err(error) = heal(progress, env, &before).await {
            save_state(progress, env, plan::HEAL.id).await;
            failed.push(("healing after it", error));
            break;
        }
    }
    verdict(failed)
}

/// State and logs as a story that failed left them, before anything is put back.
async fn save_state(progress: &Progress, env: &Env, story: &str) {
    progress.say("saving diagnostics");
    let (ground, folder) = (&env.ground, env.ground.run.diagnostics().join(story));
    let saved = diagnose::collect(&ground.run, &ground.engine, &ground.parts.kubectl, &folder).await;
    progress.say(&match saved {
        Ok(()) => format!("diagnostics: {}", folder.display()),
        // It must not hide the failure.
        Err(error) => format!("note: {error:#}"),
    });
}

/// A story that goes on from no other begins when everything is as Git says.
async fn tell(scenario: &Scenario, env: &Env, step: &StepHandle) -> Result<()> {
    if scenario.suite != Suite::Main {
        gitops::calm(step, env, CALM).await?;
    }
    (scenario.story)(env, step).await
}

/// What was pushed last, of code and of manifests; one commit, where they are in one repository.
struct Heads {
    code: String,
    manifests: String,
}

impl Heads {
    async fn of(env: &Env) -> Result<Self> {
        Ok(Self {
            code: application(&env.ground, &env.world).catch_up().await?,
            manifests: Operator::of(env).head().await?,
        })
    }
}

/// Undo what a story that failed half-way has pushed.
async fn heal(progress: &Progress, env: &Env, before: &Heads) -> Result<()> {
    let heal = async |step: &StepHandle| {
        let code = application(&env.ground, &env.world);
        code.catch_up().await?;
        if code.commit_restored(EVERYTHING, &before.code).await?.is_some() {
            code.push(Environment::Staging.branch()).await?;
        }
        Operator::of(env).restore(&before.manifests).await?;
        // Else what is calm may still be what was before.
        gitops::refreshed(step, env, CALM).await?;
        gitops::calm(step, env, CALM).await
    };
    progress.step(&plan::HEAL, heal).await
}

/// The first failure is the error, the others are named.
fn verdict(failed: Vec<(&str, Error)>) -> Result<()> {
    let names: Vec<&str> = failed.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    match failed.into_iter().next() {
        None => Ok(()),
        Some((_, first)) => Err(first.context(format!("what failed: {names}"))),
    }
}

/// Record the stories that were not told, and why.
pub(crate) fn note_untold(recorder: &Recorder, chosen: &[&'static Scenario]) {
    let steps = recorder.steps();
    let failed = steps
        .iter()
        .find(|step| matches!(step.outcome, Outcome::Failed(_)));
    for scenario in ALL {
        let is = |id: &str| scenario.step.id == id;
        if steps.iter().any(|step| is(&step.id)) {
            continue;
        }
        let why = if !chosen.iter().any(|chosen| is(chosen.step.id)) {
            "not asked for (--only, --suite)".to_owned()
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
        names(&select(&only, &[]).unwrap())
    }

    fn names(chosen: &[&Scenario]) -> Vec<&'static str> {
        chosen.iter().map(|scenario| scenario.step.id).collect()
    }

    #[test]
    fn what_a_story_needs_comes_with_it_in_order() {
        assert_eq!(
            selected(&["promotion"]),
            ["first-sync", "page-change", "promotion"]
        );
        assert_eq!(selected(&["migration"]), ["first-sync", "migration"]);
    }

    #[test]
    fn without_a_choice_those_of_the_loop_itself_are_told() {
        let told = selected(&[]);
        assert_eq!(told, names(&select(&[], &[Suite::Main]).unwrap()));
        assert!(told.contains(&"migration") && told.len() < ALL.len());
    }

    #[test]
    fn a_suite_is_chosen_whole_and_adds_to_what_is_named() {
        let chosen = names(&select(&["promotion".to_owned()], &[Suite::Failures]).unwrap());
        assert_eq!(chosen[..3], ["first-sync", "page-change", "promotion"]);
        let failures = ALL.iter().filter(|scenario| scenario.suite == Suite::Failures);
        assert_eq!(chosen.len(), 3 + failures.count());
        assert!(!chosen.contains(&"migration"));
    }

    #[test]
    fn only_stories_of_main_go_on_from_others_and_only_they_may() {
        for scenario in ALL {
            assert!(
                scenario.suite == Suite::Main || scenario.needs.is_empty(),
                "{}",
                scenario.step.id
            );
        }
    }

    #[test]
    fn every_failure_says_what_a_reader_needs() {
        for scenario in ALL {
            let told = scenario.failure.is_some();
            assert_eq!(told, scenario.suite == Suite::Failures, "{}", scenario.step.id);
        }
    }

    #[test]
    fn all_failures_are_named_and_the_first_is_told() {
        let failed = vec![
            ("drift", anyhow::anyhow!("scaled")),
            ("prune", anyhow::anyhow!("kept")),
        ];
        let error = format!("{:#}", verdict(failed).unwrap_err());
        assert_eq!(error, "what failed: drift, prune: scaled");
        assert!(verdict(Vec::new()).is_ok());
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
        let chosen = select(&["promotion".to_owned()], &[]).unwrap();
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
                "not asked for (--only, --suite)"
            ]
        );
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = select(&["promotoin".to_owned()], &[])
            .err()
            .expect("must be refused")
            .to_string();
        assert!(
            error.contains("promotoin") && error.contains("promotion,"),
            "{error}"
        );
    }
}
