//! Which scenarios run together, and which of them on request only.

use clap::ValueEnum;

/// Which scenarios belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// A commit goes live in staging and production. Each scenario continues from what the previous
    /// one released, so the first that fails ends the run.
    Main,
    /// What goes wrong. Each scenario begins and ends with everything Synced and Healthy, so a
    /// failure does not prevent the next one.
    Failures,
    /// Events of the forge that are lost. As independent as the failures, and run only on request:
    /// they wait for what comes by itself.
    Events,
    /// Apps that are added and removed. As independent as the failures, and run only on request:
    /// their programs have to be compiled.
    Apps,
    /// Clusters that join a hub, leave it and are lost. As independent as the failures, and run
    /// only on request: they need the topology `hub`.
    Clusters,
    // wing: verifier
    /// Production is given only what staging has verified. As independent as the failures, and run
    /// only on request: it brings a controller, and switches the gate on for what follows.
    Promotion,
    // end of wing
    // wing: previews
    /// Pull requests that run before they are merged. As independent as the failures, and run only
    /// on request: they bring a controller and images of their own.
    Previews,
    // end of wing
    // wing: versions
    /// Production follows versions. Run only on request: CI has to build for each of them.
    Versions,
    // end of wing
    // wing: addons
    /// What the add-ons of a cluster do, and what becomes of the apps without them. As independent
    /// as the failures, and run only on request: their programs have to be compiled.
    Addons,
    /// Releases that a few visitors get first. As independent as the failures, and run only on
    /// request: an add-on's program has to be compiled.
    Canary,
    // end of wing
    /// What running clusters refuse. As independent as the failures, and run only on request.
    Posture,
    /// Rebuilds the images and compares them. Run only on request: everything is compiled again.
    Reproduction,
}

impl Suite {
    /// As it stands in a report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Failures => "failures",
            Self::Events => "events",
            Self::Apps => "apps",
            Self::Clusters => "clusters",
            Self::Promotion => "promotion", // wing: verifier
            Self::Previews => "previews",   // wing: previews
            Self::Versions => "versions",   // wing: versions
            Self::Addons => "addons",       // wing: addons
            Self::Canary => "canary",       // wing: addons
            Self::Posture => "posture",
            Self::Reproduction => "reproduction",
        }
    }
}
