//! What a step shows and leaves in the records.

use std::{io, process::Command, time::Duration};

use super::*;

static STEP: Step = Step::new("step", "a step", 1);

#[tokio::test]
async fn a_step_is_recorded_with_its_outcome_and_numbers() {
    let progress = Progress::new(2, History::new());
    progress
        .step(&STEP, async |step| {
            step.measured("served", 1.5);
            step.evidence("the page shows it".to_owned());
            Ok(())
        })
        .await
        .unwrap();
    let error = progress
        .step(&STEP, async |_| -> Result<()> { Err(anyhow!("port taken")) })
        .await
        .unwrap_err();
    assert_eq!(format!("{error:#}"), "step `a step`: port taken");
    let records = progress.recorder().steps();
    assert_eq!(records[0].outcome, Outcome::Passed);
    assert_eq!(records[0].measured["served"].to_string(), "1.5");
    assert_eq!(records[0].evidence, ["the page shows it"]);
    assert_eq!(records[1].outcome, Outcome::Failed("port taken".to_owned()));
}

#[test]
fn a_step_whose_lines_nobody_reads_goes_on_to_its_end() {
    // The one above, in a process whose standard error is a pipe without a reader.
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let step = "run::progress::tests::a_step_is_recorded_with_its_outcome_and_numbers";
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", step])
        .stderr(writer)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn a_step_over_its_budget_fails_and_says_where_it_was() {
    let progress = Progress::new(1, History::new());
    let result = progress
        .step(&STEP, async |step| {
            step.doing("node ready");
            std::future::pending::<Result<()>>().await
        })
        .await;
    assert!(format!("{:#}", result.unwrap_err()).ends_with("not done within 1 s; was at: node ready"));
}

#[tokio::test]
async fn a_scenario_with_nothing_to_check_is_skipped_and_one_that_fails_has_failed() {
    let progress = Progress::new(2, History::new());
    let skipped = progress.scenario(
        &STEP,
        async |_| Ok(()),
        async |step| {
            step.skip("nothing is signed");
            Ok(())
        },
    );
    skipped.await.unwrap();
    let failed = progress.scenario(
        &STEP,
        async |_| Ok(()),
        async |step| {
            step.skip("nothing is signed");
            Err(anyhow!("no"))
        },
    );
    failed.await.unwrap_err();
    let outcomes = progress.recorder().steps().into_iter().map(|step| step.outcome);
    assert_eq!(
        outcomes.collect::<Vec<_>>(),
        [
            Outcome::Skipped("nothing is signed".to_owned()),
            Outcome::Failed("no".to_owned())
        ]
    );
}

#[tokio::test]
async fn in_ci_a_scenario_that_is_skipped_has_failed_unless_its_reason_is_listed() {
    let progress = Progress::new(3, History::new());
    let skipped = async |why: &str, in_ci: bool| {
        let body = async |step: &StepHandle| {
            step.skip(why);
            step.may_be_skipped(in_ci)
        };
        progress.scenario(&STEP, async |_| Ok(()), body).await.is_ok()
    };
    assert!(skipped("only root may", false).await);
    assert!(skipped("code is in two repositories here", true).await);
    assert!(!skipped("only root may", true).await);
    let last = progress.recorder().steps().pop().unwrap().outcome;
    assert!(
        matches!(&last, Outcome::Failed(why) if why.starts_with("skipped in CI: only root may")),
        "{last:?}"
    );
}

/// Takes a little longer than [`STEP`] may.
async fn late(_: &StepHandle) -> Result<()> {
    tokio::time::sleep(Duration::from_millis(1100)).await;
    Ok(())
}

#[tokio::test]
async fn a_scenario_that_waits_for_its_beginning_has_its_budget_besides() {
    let progress = Progress::new(2, History::new());
    let waits = progress.scenario(&STEP, late, async |_| Ok(()));
    waits.await.unwrap();
    let at_once = progress.scenario(&STEP, async |_| Ok(()), late);
    assert!(format!("{:#}", at_once.await.unwrap_err()).contains("not done within 1 s"));
    let records = progress.recorder().steps();
    let budgets: Vec<_> = records.iter().map(|step| step.budget_seconds).collect();
    assert_eq!(budgets, [1, 1]);
    // What it waited for lies before it in the report.
    let waited = &records[0];
    assert!(waited.began >= 1.1 && waited.seconds < 1.0, "{waited:?}");
}

#[tokio::test]
async fn a_scenario_whose_beginning_does_not_come_has_failed() {
    let progress = Progress::new(1, History::new());
    let never = progress.scenario(&STEP, async |_| Err(anyhow!("OutOfSync")), async |_| Ok(()));
    never.await.unwrap_err();
    let records = progress.recorder().steps();
    assert_eq!(records[0].outcome, Outcome::Failed("OutOfSync".to_owned()));
}

#[tokio::test]
async fn a_dropped_step_is_recorded_as_interrupted() {
    let progress = Progress::new(1, History::new());
    let running = progress.step(&STEP, async |_| std::future::pending::<Result<()>>().await);
    assert!(
        tokio::time::timeout(Duration::from_millis(20), running)
            .await
            .is_err()
    );
    assert_eq!(progress.recorder().steps()[0].outcome, Outcome::Interrupted);
}
