//! Runs the chosen scenarios: which at the same time, what is saved and restored after a failure,
//! and how those that did not run are recorded.

use std::time::Duration;

use anyhow::{Error, Result, ensure};
use e2e_report::Outcome;
use taskkit::checkout;

use crate::actors::{Operator, probe};
use crate::environment::Environment;
use crate::gitops;
use crate::report::recorder::Recorder;
use crate::report::releases_page;
use crate::run::progress::Progress;
use crate::run::{Session, Step, StepHandle, Testbed, diagnose};
use crate::scenario::{Scenario, Suite};
use crate::scenarios::clusters::left;
use crate::scenarios::failures::prune;
use crate::scenarios::{ALL, AT_ONCE, deliveries};

/// As git names it.
const EVERYTHING: &str = ".";
/// How long an environment may take to come to rest.
const STEADY: Duration = Duration::from_mins(2);

/// As long as the waits in it, of which a cluster that changes its environment has the most.
const HEAL: Step = Step::new("heal", "undo what a failed scenario left", 1200);

/// A scenario and the environments it has to itself.
type Part = (&'static Scenario, &'static [Environment]);

/// Runs the scenarios one after the other, except those of [`AT_ONCE`]; those of `main` until the
/// first that fails.
pub(crate) async fn run(
    session: &Session,
    testbed: &mut Testbed,
    chosen: &[&'static Scenario],
) -> Result<()> {
    let progress = &session.progress;
    ensure!(
        !chosen.is_empty(),
        "no scenario was chosen, so nothing would be proved"
    );
    // Until the last scenario has ended.
    let _probes = probe(progress.recorder(), testbed);
    let mut failed = Vec::new();
    for turn in turns(chosen) {
        let before = Heads::of(testbed).await?;
        let broken = run_turn(progress, testbed, &turn).await;
        testbed.renew();
        if broken.is_empty() {
            continue;
        }
        for (scenario, error) in broken {
            save_state(session, testbed, scenario.step.id).await;
            if scenario.suite == Suite::Main {
                return Err(error);
            }
            failed.push((scenario.step.id, error));
        }
        progress.say("putting the manifests back as they were");
        if let Err(error) = heal(progress, testbed, &before).await {
            save_state(session, testbed, HEAL.id).await;
            failed.push(("healing after it", error));
            break;
        }
    }
    // For the report alone.
    if let Err(error) = releases_page::write(testbed).await {
        progress.say(&format!("{error:#}"));
    }
    verdict(failed)
}

/// What runs one after the other: a scenario, or two that run at the same time.
fn turns(chosen: &[&'static Scenario]) -> Vec<Vec<Part>> {
    let find = |id: &str| chosen.iter().copied().find(|scenario| scenario.step.id == id);
    let mut turns: Vec<Vec<Part>> = Vec::new();
    for scenario in chosen {
        let id = scenario.step.id;
        if turns.iter().flatten().any(|(earlier, _)| earlier.step.id == id) {
            continue;
        }
        let pair = AT_ONCE.iter().find(|pair| pair.contains(&id));
        let pair = pair.and_then(|[staging, production]| Some([find(staging)?, find(production)?]));
        turns.push(match pair {
            Some(pair) => pair.into_iter().zip(ends()).collect(),
            None => vec![(scenario, Environment::all())],
        });
    }
    turns
}

/// The environments of two scenarios that run at the same time: the first one, and the last.
fn ends() -> [&'static [Environment]; 2] {
    let all = Environment::all();
    [&all[..1], &all[all.len() - 1..]]
}

/// Runs a scenario, or two at the same time; gives those that failed.
async fn run_turn(progress: &Progress, testbed: &Testbed, turn: &[Part]) -> Vec<(&'static Scenario, Error)> {
    let one = async |place: usize| {
        let (scenario, stage) = *turn.get(place)?;
        let beside = turn.iter().find(|(other, _)| other.step.id != scenario.step.id);
        let at_rest = async |step: &StepHandle| {
            // Those of `main` go on from each other; all others begin when all is as Git says.
            if scenario.suite == Suite::Main {
                return Ok(());
            }
            gitops::steady(step, testbed, stage, STEADY).await
        };
        let outcome = progress.scenario(&scenario.step, at_rest, async |step| {
            if let Some((other, _)) = beside {
                step.evidence(format!("ran at the same time as “{}”", other.step.title));
            }
            (scenario.run)(testbed, step).await?;
            step.may_be_skipped(checkout::in_ci())
        });
        outcome.await.err().map(|error| (scenario, error))
    };
    let (first, second) = tokio::join!(one(0), one(1));
    first.into_iter().chain(second).collect()
}

/// Saves state and logs as a failed scenario left them, before anything is restored.
async fn save_state(session: &Session, testbed: &Testbed, scenario: &str) {
    let progress = &session.progress;
    progress.say("saving diagnostics");
    let (harness, folder) = (&testbed.harness, testbed.harness.run.diagnostics().join(scenario));
    let saved = diagnose::collect(
        &harness.run,
        &harness.engine,
        &harness.parts.tools.kubectl,
        &folder,
    )
    .await;
    session.has_saved();
    progress.say(&match saved {
        Ok(()) => format!("diagnostics: {}", folder.display()),
        // It must not hide the failure.
        Err(error) => format!("note: {error:#}"),
    });
}

/// What was pushed last, of code and of manifests; one commit, where they are in one repository.
struct Heads {
    code: String,
    manifests: String,
}

impl Heads {
    async fn of(testbed: &Testbed) -> Result<Self> {
        Ok(Self {
            code: testbed.application().catch_up().await?,
            manifests: Operator::of(testbed).head().await?,
        })
    }
}

/// Undoes what a failed scenario has pushed, and what else it may have left.
async fn heal(progress: &Progress, testbed: &Testbed, before: &Heads) -> Result<()> {
    let heal = async |step: &StepHandle| {
        // A scenario that was over its budget has not switched them on again.
        deliveries::set_active(testbed, true).await?;
        let code = testbed.application();
        code.catch_up().await?;
        if code.commit_restored(EVERYTHING, &before.code).await?.is_some() {
            code.push(Environment::first().branch()).await?;
        }
        Operator::of(testbed).restore(&before.manifests).await?;
        left::heal(testbed, step).await?;
        // Without it, the steady state may be that of the commit before.
        gitops::refreshed(step, testbed, STEADY).await?;
        // Only now does it stay deleted.
        drop(prune::undo(testbed)?);
        gitops::steady(step, testbed, Environment::all(), STEADY).await
    };
    progress.step(&HEAL, heal).await
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

/// Records the scenarios that were not run, and why.
pub(crate) fn note_skipped(recorder: &Recorder, chosen: &[&'static Scenario]) {
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
    use crate::run::progress::History;
    use crate::run::topology::Topology;
    use crate::scenario::selection::select;

    fn ids(turns: &[Vec<Part>]) -> Vec<Vec<&'static str>> {
        let ids = |turn: &Vec<Part>| turn.iter().map(|(scenario, _)| scenario.step.id).collect();
        turns.iter().map(ids).collect()
    }

    #[test]
    fn two_run_at_once_each_in_its_own_environment_and_no_scenario_twice() {
        let all = select(&[], &[Suite::Failures], Topology::Each).unwrap();
        let turns = turns(&all);
        for pair in AT_ONCE {
            let turn = turns
                .iter()
                .find(|turn| turn.len() == 2 && turn[0].0.step.id == pair[0]);
            let turn = turn.unwrap_or_else(|| panic!("{pair:?} do not run at the same time"));
            assert_eq!(turn[1].0.step.id, pair[1]);
            assert_eq!(turn[0].1, [Environment::first()]);
            assert_eq!(turn[1].1, [Environment::last()]);
        }
        assert_eq!(ids(&turns).concat().len(), all.len());
    }

    #[test]
    fn one_that_is_chosen_without_the_other_has_both_environments() {
        let alone = turns(&select(&[AT_ONCE[0][1].to_owned()], &[], Topology::Each).unwrap());
        assert_eq!(ids(&alone), [[AT_ONCE[0][1]]]);
        assert_eq!(alone[0][0].1, Environment::all());
    }

    #[test]
    fn all_failures_are_named_and_the_first_is_the_cause() {
        let failed = vec![
            ("drift", anyhow::anyhow!("scaled")),
            ("prune", anyhow::anyhow!("kept")),
        ];
        let error = format!("{:#}", verdict(failed).unwrap_err());
        assert_eq!(error, "what failed: drift, prune: scaled");
        assert!(verdict(Vec::new()).is_ok());
    }

    #[tokio::test]
    async fn every_scenario_that_did_not_run_says_why() {
        let progress = Progress::new(1, History::new());
        let chosen = select(&["promotion".to_owned()], &[], Topology::Each).unwrap();
        progress
            .scenario(&chosen[0].step, async |_| Ok(()), async |_| Ok(()))
            .await
            .unwrap();
        let failed = progress.scenario(&chosen[1].step, async |_| Ok(()), async |_| anyhow::bail!("no"));
        assert!(failed.await.is_err());
        note_skipped(progress.recorder(), &chosen);
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
}
