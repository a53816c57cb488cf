//! State that outlives a command: what is up, and how long things took. Kept in the cache, so that
//! another clone finds it too.

use std::path::PathBuf;

use anyhow::{Context, Result};
use e2e_report::Report;
use pipelines::System;
use serde::{Deserialize, Serialize};
use supply::{cache::Cache, engine::Kind};
use taskkit::removal::remove_file;

use crate::{
    cluster::ClusterState,
    environment::Environment,
    host::json_file::{load, save},
    run::{progress::History, run_dir::make_private},
    world::World,
};

/// What a run left running.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// The run that brought it up, and its folder.
    pub(crate) run: String,
    pub(crate) folder: PathBuf,
    /// What its containers are of; a file from before this was kept does not say.
    #[serde(default)]
    pub(crate) engine: Option<Kind>,
    /// Missing while it is being brought up, and after that has failed.
    pub(crate) up: Option<Up>,
}

/// How to reach what is up.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Up {
    /// Whose CI file the scenarios use, unless `run` is asked for another.
    #[serde(default)]
    pub(crate) ci: System,
    pub(crate) world: World,
    /// In the order of promotion.
    #[serde(default)]
    pub(crate) clusters: Vec<ClusterState>,
    /// Of the topology of this name.
    #[serde(default)]
    pub(crate) hub: Option<ClusterState>,
}

impl Up {
    /// Where a hub runs, in that topology.
    pub(crate) fn hub(&self) -> Environment {
        self.hub
            .as_ref()
            .map_or(Environment::hub(), |hub| hub.environment)
    }
}

impl State {
    pub(crate) fn load(cache: &Cache) -> Result<Option<Self>> {
        load(&state_file(cache))
    }

    pub(crate) fn save(&self, cache: &Cache) -> Result<()> {
        make_private(&cache.e2e())?;
        save(&state_file(cache), self)
    }

    /// Other commands find a cluster that was built anew.
    pub(crate) fn replace(cache: &Cache, cluster: ClusterState) -> Result<()> {
        let mut state = Self::load(cache)?.context("what is up was forgotten")?;
        let up = state.up.as_mut().context("nothing is up")?;
        // A hub takes the place of another one, whatever that is called.
        let is_hub = cluster.environment.is_hub();
        let same = |known: &&mut ClusterState| {
            known.environment == cluster.environment || is_hub && known.environment.is_hub()
        };
        let known = up.clusters.iter_mut().chain(&mut up.hub).find(same);
        *known.context("the cluster was not up")? = cluster;
        state.save(cache)
    }

    /// The engine of what an earlier run has left, as far as that is known.
    pub(crate) fn engine(cache: &Cache) -> Option<Kind> {
        Self::load(cache).ok().flatten()?.engine
    }

    pub(crate) fn forget(cache: &Cache) -> Result<()> {
        remove_file(&state_file(cache))
    }
}

/// How long passed steps took, and the last whole run that passed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Timings {
    pub(crate) steps: History,
    pub(crate) whole_run_seconds: Option<f64>,
}

impl Timings {
    /// Nothing on the first run, and nothing when the file is of another version: it only serves
    /// estimates.
    pub(crate) fn load(cache: &Cache) -> Self {
        load(&timings_file(cache)).ok().flatten().unwrap_or_default()
    }

    /// Adds what `report` has measured; `whole` says that it is of a run that left nothing out.
    pub(crate) fn learn(mut self, report: &Report, whole: bool, cache: &Cache) -> Result<()> {
        for step in report.steps.iter().filter(|step| step.passed()) {
            self.steps.insert(step.id.clone(), step.seconds);
        }
        if whole && report.passed {
            self.whole_run_seconds = Some(report.seconds);
        }
        save(&timings_file(cache), &self)
    }
}

/// Where it is kept.
pub(crate) fn state_file(cache: &Cache) -> PathBuf {
    cache.up()
}

fn timings_file(cache: &Cache) -> PathBuf {
    cache.e2e().join("timings.json")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;
    use e2e_report::{Outcome, StepRecord};

    #[test]
    fn timings_learn_from_steps_that_passed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        let step = |id: &str, outcome| StepRecord {
            seconds: 7.0,
            ..StepRecord::new(id, id, e2e_report::Kind::Step, outcome)
        };
        let steps = vec![
            step("world", Outcome::Passed),
            step("root", Outcome::Failed("no".to_owned())),
        ];
        let report = Report {
            run: "r".to_owned(),
            passed: false,
            seconds: 9.0,
            steps,
            ..Report::default()
        };
        Timings::load(&cache).learn(&report, true, &cache).unwrap();
        let timings = Timings::load(&cache);
        assert_eq!(
            timings.steps.into_iter().collect::<Vec<_>>(),
            [("world".to_owned(), 7.0)]
        );
        assert!(timings.whole_run_seconds.is_none());
    }

    #[test]
    fn nothing_is_up_in_a_new_cache() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        assert!(State::load(&cache).unwrap().is_none());
        State::forget(&cache).unwrap();
    }

    #[test]
    fn the_engine_of_what_is_left_is_known_unless_the_file_is_of_an_earlier_version() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        assert_eq!(State::engine(&cache), None);
        fs::create_dir(cache.e2e()).unwrap();
        for (kept, engine) in [
            ("", None),
            (r#""engine":"docker","#, Some(Kind::Docker)),
            (r#""engine":"podman","#, Some(Kind::Podman)),
        ] {
            let text = format!(r#"{{"run":"r",{kept}"folder":"/f","up":null}}"#);
            fs::write(state_file(&cache), text).unwrap();
            let state = State::load(&cache).unwrap().unwrap();
            assert_eq!(state.engine, engine);
            state.save(&cache).unwrap();
            assert_eq!(State::engine(&cache), engine);
        }
    }

    #[test]
    fn nobody_else_reads_how_to_reach_what_is_up() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path()).unwrap();
        fs::create_dir(cache.e2e()).unwrap();
        let state = State {
            run: "run".to_owned(),
            folder: folder.path().to_owned(),
            engine: None,
            up: None,
        };
        state.save(&cache).unwrap();
        let folder = fs::metadata(cache.e2e()).unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    }
}
