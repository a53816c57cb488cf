//! Ten apps of all kinds: one alone, then nine at once, so that it can be seen what each further
//! one costs.

use std::ops::Range;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use project::Kind;

use super::change::{self, NewApps};
use crate::ci::{Event, Run};
use crate::environment::Environment;
use crate::run::{Step, StepHandle, Testbed};
use crate::scenario::{Scenario, Suite};

const COUNT: usize = 10;
/// What each app more may add to the time from a merge until all run.
const ADDED_BUDGET: Duration = Duration::from_secs(3);
/// Each is compiled and linked.
const BUILT: Duration = Duration::from_mins(10);
const NOT_BUILT: Duration = Duration::from_mins(4);

pub(crate) const SCENARIO: Scenario = Scenario {
    step: Step::new("many-apps", "ten apps are added and removed", 1500),
    suite: Suite::Apps,
    needs: &[],
    failure: None,
    run: |testbed, step| Box::pin(run(testbed, step)),
};

async fn run(testbed: &Testbed, step: &StepHandle) -> Result<()> {
    if !change::applies(testbed, step) {
        return Ok(());
    }
    let round = change::unused(testbed, |round| name(round, 0)).await?;
    let [first, others, all] = [0..1, 1..COUNT, 0..COUNT].map(|numbers| named(round, numbers));
    let others = others.added_after(&first);
    all.delete_data(testbed, step).await?;
    let one = released(testbed, step, &first, "one app").await?;
    let nine = released(testbed, step, &others, "nine more").await?;
    step.measured("new-app, the first", one.command.as_secs_f64());
    step.measured("new-app, the tenth", nine.command.as_secs_f64());
    let added = added(one.live, nine.live, COUNT - 1);
    step.measured("merge to live, for each added app", added.as_secs_f64());
    ensure!(
        added <= ADDED_BUDGET,
        "nine apps at once took {:.1} s from the merge, one {:.1} s: {:.1} s more for each; the budget is {} s",
        nine.live.as_secs_f64(),
        one.live.as_secs_f64(),
        added.as_secs_f64(),
        ADDED_BUDGET.as_secs()
    );
    promoted(testbed, step, &all).await?;
    removed(testbed, step, &all).await
}

/// How much longer `count` took than one did, for each beyond the first.
fn added(one: Duration, count_of_them: Duration, count: usize) -> Duration {
    let beyond = u32::try_from(count.saturating_sub(1).max(1)).unwrap_or(u32::MAX);
    count_of_them.saturating_sub(one) / beyond
}

/// Kinds in turn, beginning with the one that takes longest to come up.
fn named(round: u32, numbers: Range<usize>) -> NewApps {
    let kinds = [Kind::Worker, Kind::Web, Kind::Cron, Kind::Api];
    NewApps::of(numbers.map(|number| (name(round, number), kinds[number % kinds.len()])))
}

fn name(round: u32, number: usize) -> String {
    format!("app-{round}-{}", number + 1)
}

/// What it took to bring some apps into the first environment.
struct Took {
    /// The command, for the last one.
    command: Duration,
    /// From the merge until all of them were live.
    live: Duration,
}

async fn released(testbed: &Testbed, step: &StepHandle, apps: &NewApps, what: &str) -> Result<Took> {
    testbed.application().catch_up().await?;
    let took = apps.add(testbed, step).await?;
    let (commit, run) = change::built_only(testbed, step, Environment::first(), BUILT, &apps.names()).await?;
    step.measured(&format!("{what}: CI builds"), compiled(&run)?);
    let (release, live) = apps.release(testbed, step, Environment::first(), &commit).await?;
    apps.run_what_is_pinned(testbed.first(), &release).await?;
    let live = live - release.asked;
    step.measured(&format!("{what}: merge to live"), live.as_secs_f64());
    Ok(Took {
        command: *took.last().context("no app was added")?,
        live,
    })
}

/// The seconds that CI compiled and made images.
fn compiled(run: &Run) -> Result<f64> {
    let seconds = |event| match event {
        Event::Took { verb, seconds } if verb == "build" => Some(seconds),
        _ => None,
    };
    let built = run.events()?.into_iter().find_map(seconds);
    built.context("CI does not say how long it built")
}

/// All at once, to the digests of the first environment.
async fn promoted(testbed: &Testbed, step: &StepHandle, apps: &NewApps) -> Result<()> {
    for &environment in &Environment::all()[1..] {
        let (_, live) = apps.promote(testbed, step, environment, NOT_BUILT).await?;
        let what = format!("ten in {environment}: merge to live");
        step.measured(&what, live.as_secs_f64());
    }
    step.evidence(format!(
        "{} apps of four kinds run in every environment, and CI built each once",
        apps.names().len()
    ));
    Ok(())
}

async fn removed(testbed: &Testbed, step: &StepHandle, apps: &NewApps) -> Result<()> {
    let took = apps.take_away(testbed, step, NOT_BUILT).await?;
    step.measured("remove-app to gone, all ten", took.as_secs_f64());
    apps.delete_data(testbed, step).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_adds_is_what_nine_took_beyond_one() {
        let seconds = Duration::from_secs;
        assert_eq!(added(seconds(10), seconds(26), 9), seconds(2));
        assert_eq!(added(seconds(10), seconds(9), 9), seconds(0));
        assert_eq!(added(seconds(10), seconds(12), 1), seconds(2));
    }

    #[test]
    fn there_are_ten_of_all_kinds() {
        let names = named(2, 0..COUNT).names();
        assert_eq!((names.len(), names[0].as_str()), (10, "app-2-1"));
        assert_eq!(named(2, 1..COUNT).names()[..], names[1..]);
        assert_eq!(named(2, 0..COUNT).workers().count(), 3);
    }
}
