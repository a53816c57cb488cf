//! A fork of a copy of `infra/`: nothing of the former account, region or repository is left in what is deployed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Nobody's, so that the tests pass in every fork.
const ACCOUNT: &str = "999999999999";
const REGION: &str = "zz-nowhere-9";
const REPOSITORY: &str = "https://github.com/nobody/nothing.git";

/// A checkout that has `infra/` alone.
struct Checkout(TempDir);

impl Checkout {
    fn copy() -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra");
        let copied = Command::new("cp")
            .arg("-r")
            .arg(infra)
            .arg(folder.path())
            .status();
        assert!(copied.expect("run cp").success());
        Self(folder)
    }

    /// What `cargo xtask fork` says with these arguments.
    fn fork(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("fork")
            .args(arguments)
            .env("CARGO_MANIFEST_DIR", self.0.path().join("xtask"))
            .output()
            .expect("run xtask");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("paths are UTF-8")
    }

    /// Path and content of what is deployed to AWS.
    fn deployed(&self) -> Vec<(PathBuf, String)> {
        let infra = self.0.path().join("infra");
        let (mut folders, mut found) = (vec![infra.clone()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("list a folder") {
                let path = entry.expect("list a folder").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = fs::read_to_string(&path).expect("read a file");
                    found.push((path.strip_prefix(&infra).expect("is below").to_owned(), text));
                }
            }
        }
        found.retain(|(path, _)| !path.starts_with("local"));
        found
    }
}

/// The facts as `cargo xtask fork` prints them: account, region, repository.
fn facts(said: &str) -> [String; 3] {
    ["account", "region", "repository"].map(|name| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.expect("each fact has a line").trim().to_owned()
    })
}

#[test]
fn nothing_of_the_former_account_region_or_repository_is_left() {
    let checkout = Checkout::copy();
    let former = facts(&checkout.fork(&[]));
    let fork = [
        "--account",
        ACCOUNT,
        "--region",
        REGION,
        "--repository",
        REPOSITORY,
    ];
    let said = checkout.fork(&fork);
    assert_eq!(facts(&said), [ACCOUNT, REGION, REPOSITORY]);
    assert!(
        said.contains(&format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/gitops-loop")),
        "{said}"
    );
    let [account, region, repository] = former;
    let name = repository
        .trim_start_matches("https://github.com/")
        .trim_end_matches(".git");
    // 64 zeros are a digest that is not there yet.
    let digest = "0".repeat(64);
    for (path, text) in checkout.deployed() {
        let text = text.replace(&digest, "");
        for fact in [&account, &region, name] {
            assert!(!text.contains(fact), "{} still has {fact}", path.display());
        }
    }
}

#[test]
fn the_second_time_nothing_changes() {
    let checkout = Checkout::copy();
    let fork = ["--account", ACCOUNT, "--repository", REPOSITORY];
    let first = checkout.fork(&fork);
    assert!(first.contains("changed infra/apps/root/staging.yaml"), "{first}");
    let before = checkout.deployed();
    assert!(!checkout.fork(&fork).contains("changed"));
    assert_eq!(checkout.deployed(), before);
}

#[test]
fn without_arguments_nothing_changes() {
    let checkout = Checkout::copy();
    let before = checkout.deployed();
    assert!(!checkout.fork(&[]).contains("changed"));
    assert_eq!(checkout.deployed(), before);
}
