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
        name: "clusterset: what it decides",
        packages: groups::CLUSTERSET,
        args: &[],
        needs: Needs::Nothing,
        lane: Lane::Tools,
        on_request: false,
    },
    // end of wing
    // wing: bench
    Suite {
        name: "bench: what figures come to",
        packages: groups::BENCH,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use taskkit::checkout;

    use super::*;

    fn names(packages: Packages) -> Vec<&'static str> {
        let args: Vec<_> = packages.args().collect();
        let pairs = args.windows(2).filter(|pair| pair[0] == "--package");
        pairs.map(|pair| pair[1]).collect()
    }

    fn is_test(line: &str) -> bool {
        let line = line.trim_start();
        line.starts_with("#[test]") || line.starts_with("#[tokio::test")
    }

    /// The packages of this checkout that have a test in one of their files.
    fn with_tests() -> BTreeSet<String> {
        let root = checkout::root().expect("find the checkout");
        let files = gitkit::files(&root).expect("list the files");
        // A file deleted and not yet committed is still listed.
        let read = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_default();
        let package = |manifest: &str| {
            let manifest: toml::Table = read(manifest).parse().ok()?;
            Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
        };
        let folder = |manifest: &String| {
            Some((
                manifest.strip_suffix("Cargo.toml")?.to_owned(),
                package(manifest)?,
            ))
        };
        let folders: Vec<(String, String)> = files.iter().filter_map(folder).collect();
        let is_rust = |file: &str| Path::new(file).extension().is_some_and(|end| end == "rs");
        let tested = files
            .iter()
            .filter(|file| is_rust(file) && read(file).lines().any(is_test));
        // A package may lie in the folder of another one.
        let owner = |file: &String| {
            let above = folders.iter().filter(|(folder, _)| file.starts_with(folder));
            above.max_by_key(|(folder, _)| folder.len())
        };
        tested.filter_map(owner).map(|(_, name)| name.clone()).collect()
    }

    #[test]
    fn every_package_with_tests_is_in_a_suite_that_runs_each_time() {
        let tested = with_tests();
        assert!(tested.contains("xtask"), "{tested:?}");
        let each_time = SUITES.iter().filter(|suite| !suite.on_request);
        let run: BTreeSet<_> = each_time.flat_map(|suite| names(suite.packages)).collect();
        let all = groups::ALL.iter().flat_map(|packages| names(*packages));
        let forgotten: Vec<_> = all
            .filter(|name| tested.contains(*name) && !run.contains(name))
            .collect();
        assert_eq!(forgotten, Vec::<&str>::new(), "run by nothing");
    }
}
