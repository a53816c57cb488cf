//! The suites there are: which tests of which packages, and what each needs.

use super::lanes::Lane;
use super::needs::Needs;
use crate::fuzz; // wing: sample
use crate::groups::{self, Packages};

/// Tests that run together.
pub(super) struct Suite {
    pub(super) name: &'static str,
    pub(super) packages: Packages,
    /// Which of their targets.
    pub(super) args: &'static [&'static str],
    pub(super) needs: Needs,
    pub(super) lane: Lane,
    /// Whether it takes so long that it runs only when its name is asked for.
    pub(super) on_request: bool,
}

/// Of each lane the longest first: then both end at about the same time.
pub(super) const SUITES: &[Suite] = &[
    Suite {
        name: "tools",
        packages: groups::TOOLS,
        args: &["--lib", "--bins"],
        needs: Needs::AwsProgram,
        lane: Lane::Tools,
        on_request: false,
    },
    // wing: cloud
    Suite {
        name: "cloud: the templates of AWS on emulators",
        packages: groups::CLOUD,
        args: &[],
        needs: Needs::Cloud,
        lane: Lane::Tools,
        on_request: false,
    },
    // end of wing
    Suite {
        name: MANIFESTS,
        packages: groups::WITHOUT_PIPELINES,
        args: &["--test", "*"],
        needs: Needs::Checks,
        lane: Lane::Tools,
        on_request: false,
    },
    // wing: pipelines
    Suite {
        name: "CI systems: their files, run by their runners",
        packages: groups::TOOLS,
        args: &["--test", "systems"],
        needs: Needs::Pipelines,
        lane: Lane::Tools,
        on_request: false,
    },
    // end of wing
    Suite {
        name: "backend: units, router, contract on each DynamoDB", // wing: sample
        needs: Needs::Containers,                                  // wing: sample
        ..APPS
    },
    // wing: sample
    Suite {
        name: "fuzz: the API against its document",
        packages: groups::APPS,
        args: fuzz::ARGS,
        needs: Needs::Fuzzer,
        lane: Lane::Products,
        on_request: false,
    },
    Suite {
        name: "frontend: units, server-side rendering",
        packages: groups::FRONTEND,
        args: &[],
        needs: Needs::Nothing,
        lane: Lane::Tools,
        on_request: false,
    },
    // end of wing
    // wing: hub
    Suite {
        name: "shift: traffic between two servers behind HAProxy",
        packages: groups::TOOLS,
        // Each waits for its own HAProxy and its own people.
        args: &["--test", "haproxy", "--", "--test-threads", "10"],
        needs: Needs::Balancer,
        lane: Lane::Tools,
        on_request: false,
    },
    Suite {
        name: "controllers: what they decide",
        packages: groups::CONTROLLERS,
        args: &[],
        needs: Needs::Nothing,
        lane: Lane::Tools,
        on_request: false,
    },
    // end of wing
    // wing: book
    Suite {
        name: "book: the pages as a site",
        packages: groups::BOOK,
        args: &[],
        needs: Needs::Nothing,
        lane: Lane::Tools,
        on_request: false,
    },
    // end of wing
    // wing: dev
    Suite {
        name: "dev: following files, ending with its process",
        packages: groups::OUTSIDE,
        args: &["--lib", "--bins"],
        needs: Needs::Nothing,
        lane: Lane::Products,
        on_request: false,
    },
    // end of wing
    // wing: browser
    Suite {
        name: "browser: the page in headless Chromium",
        packages: groups::OUTSIDE,
        args: &["--test", "board"],
        needs: Needs::Browser,
        lane: Lane::Products,
        on_request: false,
    },
    // end of wing
    // wing: dev
    Suite {
        name: "hostile: slow and malformed requests, a scanner",
        packages: groups::OUTSIDE,
        args: &["--test", "hostile"],
        needs: Needs::Servers,
        lane: Lane::Products,
        on_request: false,
    },
    // end of wing
    // wing: fork
    Suite {
        name: "forks: of this checkout, with their own checks, lints and tests",
        packages: groups::TOOLS,
        args: &["--bench", "forks"],
        needs: Needs::Nothing,
        lane: Lane::Tools,
        on_request: true,
    },
    // end of wing
];

/// The tests of what runs in a cluster.
const APPS: Suite = Suite {
    name: "apps: units, router",
    packages: groups::APPS,
    args: &[],
    needs: Needs::Nothing,
    lane: Lane::Products,
    on_request: false,
};

/// The suite that `cargo xtask check` runs too.
pub(super) const MANIFESTS: &str = "manifests and house rules";
