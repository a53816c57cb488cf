//! The scenarios of a run, as data: what each needs to have run before, how to run it, and which are chosen.

use std::future::Future;
use std::pin::Pin;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::env::Env;
use crate::plan::Step;
use crate::progress::StepHandle;
use crate::scenarios::ALL;

/// One scenario.
pub(crate) struct Scenario {
    /// Its name for `--only`, its title, and how long it may take.
    pub(crate) step: Step,
    pub(crate) suite: Suite,
    /// The scenarios it continues from.
    pub(crate) needs: &'static [&'static str],
    /// Its row in docs/FAILURES.md, if it is about something that goes wrong.
    pub(crate) failure: Option<Failure>,
    pub(crate) run: Run,
}

/// Which scenarios belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// A commit goes live in staging and production. Each scenario continues from what the previous one released, so the first
    /// that fails ends the run.
    Main,
    /// What goes wrong. Each scenario begins and ends with everything Synced and Healthy, so a failure does not
    /// prevent the next one.
    Failures,
    /// Events of the forge that are lost. As independent as the failures, and run only on request: they wait for what comes by itself.
    Events,
    /// What running clusters refuse. As independent as the failures, and run only on request.
    Posture,
    /// Rebuilds the images and compares them. Run only on request: everything is compiled again.
    Reproduction,
}

/// What a person who meets the failure needs to know. Markdown, one or two sentences each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    /// What is done, or what breaks.
    pub(crate) cause: &'static str,
    /// What then happens by itself, for visitors and in Argo CD.
    pub(crate) effect: &'static str,
    /// The limits that the scenario asserts.
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
            Self::Events => "events",
            Self::Posture => "posture",
            Self::Reproduction => "reproduction",
        }
    }
}

impl Failure {
    /// As it stands in a report.
    pub(crate) fn for_report(self) -> e2e_report::Failure {
        e2e_report::Failure {
            cause: self.cause.to_owned(),
            effect: self.effect.to_owned(),
            within: self.within.to_owned(),
            way_out: self.way_out.to_owned(),
        }
    }
}

/// Runs a scenario; an error is the first thing that did not hold.
pub(crate) type Run = for<'a> fn(&'a Env, &'a StepHandle) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// What runs where neither a scenario nor a suite is asked for.
const DEFAULT: &[Suite] = &[Suite::Main, Suite::Failures];

/// The chosen scenarios and those they need, in order; if none is named, those of [`DEFAULT`].
pub(crate) fn select(only: &[String], suites: &[Suite]) -> Result<Vec<&'static Scenario>> {
    for name in only {
        let known: Vec<&str> = ALL.iter().map(|scenario| scenario.step.id).collect();
        ensure!(
            known.contains(&name.as_str()),
            "no scenario is called {name}; there are: {}",
            known.join(", ")
        );
    }
    let nothing_asked = only.is_empty() && suites.is_empty();
    let suites = if nothing_asked { DEFAULT } else { suites };
    let mut wanted: Vec<&str> = only.iter().map(String::as_str).collect();
    let of_suites = ALL.iter().filter(|scenario| suites.contains(&scenario.suite));
    wanted.extend(of_suites.map(|scenario| scenario.step.id));
    // Needs come before what needs them, so one walk from the end finds all.
    for scenario in ALL.iter().rev() {
        if wanted.contains(&scenario.step.id) {
            wanted.extend(scenario.needs);
        }
    }
    let chosen = ALL.iter().filter(|scenario| wanted.contains(&scenario.step.id));
    Ok(chosen.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(only: &[&str]) -> Vec<&'static str> {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        names(&select(&only, &[]).unwrap())
    }

    fn names(chosen: &[&Scenario]) -> Vec<&'static str> {
        chosen.iter().map(|scenario| scenario.step.id).collect()
    }

    #[test]
    fn what_a_scenario_needs_comes_with_it_in_order() {
        assert_eq!(
            selected(&["promotion"]),
            ["first-sync", "page-change", "promotion"]
        );
        assert_eq!(selected(&["migration"]), ["first-sync", "migration"]);
    }

    #[test]
    fn without_a_choice_the_loop_and_what_goes_wrong_are_run() {
        let chosen = selected(&[]);
        assert_eq!(
            chosen,
            names(&select(&[], &[Suite::Main, Suite::Failures]).unwrap())
        );
        assert!(chosen.contains(&"migration") && chosen.contains(&"drift"));
        assert!(!chosen.contains(&"admission") && !chosen.contains(&"reproduction"));
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
    fn only_scenarios_of_main_go_on_from_others_and_only_they_may() {
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
            let described = scenario.failure.is_some();
            assert_eq!(
                described,
                [Suite::Failures, Suite::Events].contains(&scenario.suite),
                "{}",
                scenario.step.id
            );
        }
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
