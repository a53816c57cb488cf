//! A fork of a copy of `infra/`: nothing of the former account, region or repository is left in
//! what is deployed.

mod checkout;
mod derived;
mod github;
mod interrupted;
mod named;
mod names;
mod partitions;
mod rust_names;
mod template;
mod update;
mod update_edges;
mod update_refused;
mod written;

use checkout::{ACCOUNT, Checkout, NUMBERS, PARAMETERS, REGION, REPOSITORY, facts, whole};

#[test]
fn nothing_of_the_former_account_region_or_repository_is_left() {
    for checkout in [Checkout::of_git(), Checkout::of_an_archive()] {
        let former = facts(&checkout.fork(&[]));
        let said = checkout.fork(&whole());
        assert_eq!(facts(&said), [ACCOUNT, REGION, REPOSITORY]);
        assert!(
            said.contains(&format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/")),
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
}

#[test]
fn the_second_time_nothing_changes() {
    let checkout = Checkout::of_git();
    let fork = whole();
    let first = checkout.fork(&fork);
    assert!(first.contains("changed infra/apps/root/staging.yaml"), "{first}");
    let before = checkout.deployed();
    assert!(!checkout.fork(&fork).contains("changed"));
    assert_eq!(checkout.deployed(), before);
}

#[test]
fn without_arguments_nothing_changes() {
    let checkout = Checkout::of_git();
    let before = checkout.deployed();
    assert!(!checkout.fork(&[]).contains("changed"));
    assert_eq!(checkout.deployed(), before);
}

#[test]
fn whom_to_trust_is_written_whether_or_not_the_address_changes() {
    let checkout = Checkout::of_git();
    let trusted = r#"GitHubRepository = "nobody/nothing""#;
    checkout.fork(&[&["--repository", REPOSITORY][..], &NUMBERS].concat());
    assert!(checkout.read(PARAMETERS).contains(trusted));
    // As a run left it that was cut off after the address.
    checkout.edit(PARAMETERS, trusted, r#"GitHubRepository = """#);
    let said = checkout.fork(&[&["--repository", REPOSITORY][..], &NUMBERS].concat());
    assert!(said.contains("changed infra/aws/parameters.toml"), "{said}");
    assert!(checkout.read(PARAMETERS).contains(trusted));
    // Another account is no reason to trust or distrust anybody.
    checkout.fork(&["--account", "888888888888"]);
    assert!(checkout.read(PARAMETERS).contains(trusted));
}

#[test]
fn another_account_alone_trusts_nobody() {
    let checkout = Checkout::of_git();
    let before = checkout.read(PARAMETERS);
    let line = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("GitHubRepository"));
        line.map(str::to_owned)
    };
    checkout.fork(&["--account", ACCOUNT]);
    assert_eq!(line(&checkout.read(PARAMETERS)), line(&before));
}

#[test]
fn only_the_forge_of_the_repository_is_trusted() {
    let checkout = Checkout::of_git();
    for (repository, numbers, expected) in [
        (
            REPOSITORY,
            &NUMBERS[..],
            ["nobody/nothing", "12", "", "gitlab.com"],
        ),
        (
            "https://gitlab.com/c/d/e.git",
            &[],
            ["", "", "c/d/e", "gitlab.com"],
        ),
        (
            "https://gitlab.a.example/c/d",
            &[],
            ["", "", "c/d", "gitlab.a.example"],
        ),
        ("https://git.a.example/c/d", &[], ["", "", "", "gitlab.a.example"]),
    ] {
        let said = checkout.fork(&[&["--repository", repository], numbers].concat());
        let text = checkout.read(PARAMETERS);
        for (name, value) in ["GitHubRepository", "GitHubOwnerId", "GitLabProject", "GitLabHost"]
            .iter()
            .zip(expected)
        {
            assert!(
                text.contains(&format!("{name} = \"{value}\"")),
                "{repository}: {text}"
            );
        }
        let note = said.contains("still trusts a workflow on GitHub");
        assert_eq!(note, repository != REPOSITORY, "{said}");
    }
}
