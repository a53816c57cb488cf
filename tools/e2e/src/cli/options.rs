//! What a person may choose for a run, whatever the command.

use clap::ValueEnum;
use pipelines::System;
use taskkit::missing::Missing;

use crate::{
    git::layout::Layout,
    run::topology::Topology,
    scenario::{Suite, selection},
};

/// The options of every command.
#[derive(Debug, Clone, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")] // wing: addons
pub(crate) struct Options {
    /// Leave everything running afterwards, even after a failure
    #[arg(long, global = true)]
    pub(crate) keep: bool,
    /// Run only this scenario and those it builds on; may be given more than once. An unknown name
    /// lists them all
    #[arg(long, global = true, value_name = "SCENARIO")]
    pub(crate) only: Vec<String>,
    /// Run only the scenarios of this suite; may be given more than once [default: main and
    /// failures]
    #[arg(long, global = true, value_enum)]
    pub(crate) suite: Vec<Suite>,
    /// How the final table is written to stdout
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// Where tools and images come from: `auto` pulls where a registry answers and builds where
    /// none does
    #[arg(long, global = true, value_enum, default_value_t = Supply::Auto)]
    pub(crate) supply: Supply,
    /// Which system's CI file builds and proposes [default: codebuild; `run` keeps that of `up`]
    #[arg(long, global = true, value_enum)]
    pub(crate) ci: Option<System>,
    /// Sign what CI pushes, and install the controller that rejects unsigned images in labelled
    /// namespaces
    #[arg(long, global = true)]
    pub(crate) admission: bool,
    // wing: addons
    /// Turn the add-ons of infra/addons on [default: only for the suite `addons`; `run` keeps what
    /// `up` has]
    #[arg(long, global = true)]
    pub(crate) addons: bool,
    // end of wing
    /// How many repositories the forge has [default: one; `run` keeps that of `up`]
    #[arg(long, global = true, value_enum)]
    pub(crate) layout: Option<Layout>,
    /// Where Argo CD runs [default: each; hub for the suite `clusters`; `run` keeps that of `up`]
    #[arg(long, global = true, value_enum)]
    pub(crate) topology: Option<Topology>,
    /// Pull every image through this registry, under its usual name
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub(crate) mirror: Option<String>,
    /// Install nothing: name what is missing and stop
    #[arg(long, global = true)]
    pub(crate) no_install: bool,
    /// Do all of it N times in a row, and compare the times
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100))]
    pub(crate) repeat: Option<u32>,
}

impl Options {
    /// Whose CI file does the CI step.
    pub(crate) fn system(&self) -> System {
        self.ci.unwrap_or_default()
    }

    /// What is done about what this machine lacks.
    pub(crate) fn missing(&self) -> Missing {
        Missing::of_flag(self.no_install)
    }

    /// Where Argo CD runs: as asked for, or as what was chosen needs it.
    pub(crate) fn topology(&self) -> Topology {
        self.topology
            .unwrap_or_else(|| selection::topology(&self.only, &self.suite))
    }

    /// What a bring-up of this brings.
    pub(crate) fn extent(&self) -> Extent {
        Extent {
            admission: self.admission,
            addons: self.addons(), // wing: addons
            topology: self.topology(),
        }
    }

    /// Whether add-ons are on: as asked for, or as what was chosen needs it.
    #[allow(clippy::unused_self, reason = "a copy without add-ons has none")]
    pub(crate) fn addons(&self) -> bool {
        let reasons: &[bool] = &[
            // wing: addons
            self.addons,
            self.chose(Suite::Addons),
            self.chose(Suite::Canary),
            // end of wing
        ];
        reasons.contains(&true)
    }

    /// Whether a suite, or one of its scenarios, is named.
    pub(crate) fn chose(&self, suite: Suite) -> bool {
        selection::chosen(&self.only, &self.suite, suite)
    }

    /// To go on with a world that was brought up with the CI of `former`: that stays unless another
    /// one is asked for.
    pub(crate) fn going_on(self, former: System) -> Self {
        Self {
            ci: self.ci.or(Some(former)),
            ..self
        }
    }
}

/// What differs from one bring-up to another.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extent {
    pub(crate) admission: bool,
    pub(crate) addons: bool, // wing: addons
    pub(crate) topology: Topology,
}

/// How the final table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Text,
    Json,
}

/// Where tools and images come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Supply {
    Auto,
    Pull,
    Build,
}

impl From<Supply> for supply::Mode {
    fn from(mode: Supply) -> Self {
        match mode {
            Supply::Auto => Self::Auto,
            Supply::Pull => Self::Pull,
            Supply::Build => Self::Build,
        }
    }
}
