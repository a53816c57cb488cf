//! Which scenarios a run has.

use anyhow::{Result, bail, ensure};

use crate::run::topology::Topology;
use crate::scenario::{Scenario, Suite};
use crate::scenarios::ALL;

/// The topology that the chosen scenarios need.
pub(crate) fn topology(only: &[String], suites: &[Suite]) -> Topology {
    if chosen(only, suites, Suite::Clusters) {
        Topology::Hub
    } else {
        Topology::Each
    }
}

/// Whether a suite, or one of its scenarios, is named.
pub(crate) fn chosen(only: &[String], suites: &[Suite], suite: Suite) -> bool {
    let mut named = ALL
        .iter()
        .filter(|scenario| only.iter().any(|name| name == scenario.step.id));
    suites.contains(&suite) || named.any(|scenario| scenario.suite == suite)
}

/// The chosen scenarios and those they need, in order; if none is named, those that the topology
/// has by default.
pub(crate) fn select(
    only: &[String],
    suites: &[Suite],
    topology: Topology,
) -> Result<Vec<&'static Scenario>> {
    for name in only {
        let known: Vec<&str> = ALL.iter().map(|scenario| scenario.step.id).collect();
        ensure!(
            known.contains(&name.as_str()),
            "no scenario is called {name}; there are: {}",
            known.join(", ")
        );
    }
    let nothing_asked = only.is_empty() && suites.is_empty();
    let suites = if nothing_asked { topology.suites() } else { suites };
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
    let chosen: Vec<_> = chosen.collect();
    if let Some(other) = chosen.iter().find(|scenario| !topology.has(scenario.suite)) {
        bail!(
            "the scenario {} of the suite {} does not hold in the topology {}; leave `--topology` out, or run it apart",
            other.step.id,
            other.suite.name(),
            topology.name()
        );
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(only: &[&str]) -> Vec<&'static str> {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        names(&select(&only, &[], Topology::Each).unwrap())
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
            names(&select(&[], &[Suite::Main, Suite::Failures], Topology::Each).unwrap())
        );
        assert!(chosen.contains(&"migration") && chosen.contains(&"drift"));
        assert!(!chosen.contains(&"admission") && !chosen.contains(&"reproduction"));
    }

    #[test]
    fn a_suite_is_chosen_whole_and_adds_to_what_is_named() {
        let chosen = names(&select(&["promotion".to_owned()], &[Suite::Failures], Topology::Each).unwrap());
        assert_eq!(chosen[..3], ["first-sync", "page-change", "promotion"]);
        let failures = ALL.iter().filter(|scenario| scenario.suite == Suite::Failures);
        assert_eq!(chosen.len(), 3 + failures.count());
        assert!(!chosen.contains(&"migration"));
    }

    #[test]
    fn the_suite_of_clusters_brings_its_topology_and_others_refuse_it() {
        assert_eq!(topology(&[], &[Suite::Clusters]), Topology::Hub);
        assert_eq!(topology(&["label-lost".to_owned()], &[]), Topology::Hub);
        assert_eq!(topology(&["promotion".to_owned()], &[]), Topology::Each);
        let main = names(&select(&[], &[], Topology::Hub).unwrap());
        assert!(
            main.contains(&"promotion") && !main.contains(&"drift"),
            "{main:?}"
        );
        for (suite, topology) in [
            (Suite::Failures, Topology::Hub),
            (Suite::Clusters, Topology::Each),
        ] {
            let error = select(&[], &[suite], topology)
                .err()
                .expect("must be refused")
                .to_string();
            assert!(error.contains("--topology"), "{error}");
        }
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
        let error = select(&["promotoin".to_owned()], &[], Topology::Each)
            .err()
            .expect("must be refused")
            .to_string();
        assert!(
            error.contains("promotoin") && error.contains("promotion,"),
            "{error}"
        );
    }
}
