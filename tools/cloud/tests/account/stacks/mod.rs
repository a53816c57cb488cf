//! Each template deployed by `cargo xtask aws` to the emulator that answers for it (docs/AWS.md):
//! then the services themselves are asked, a second deployment changes nothing, a change of one
//! thing changes that alone, one that fails is undone and told, and `destroy` removes what it
//! should.

mod failed;
mod kept;
mod ministack;
mod moto;
mod restored;
mod updates;

use std::path::Path;

use cloud::checkout::Checkout;
use cloud::emulator::Emulator;
use cloud::tools;
use serde_json::Value;

/// What is deployed: which environment, and in how many repositories the source lies.
#[derive(Debug, Clone, Copy)]
struct Variant {
    environment: &'static str,
    layout: &'static str,
}

const PRODUCTION: Variant = Variant {
    environment: "production",
    layout: "one",
};

/// Together with the first one, every branch of every template.
const STAGING_OF_THREE: Variant = Variant {
    environment: "staging",
    layout: "three",
};

impl Variant {
    fn deploy(self, emulator: &Emulator, parts: &[&str]) -> String {
        self.deploy_from(emulator, &tools::root(), parts).unwrap()
    }

    /// The same for the templates of another checkout; what was said as an error, if it failed.
    fn deploy_from(self, emulator: &Emulator, root: &Path, parts: &[&str]) -> Result<String, String> {
        self.deploy_with(emulator, root, parts, &[])
    }

    /// The same with these parameters, each as `NAME=VALUE`.
    fn deploy_with(
        self,
        emulator: &Emulator,
        root: &Path,
        parts: &[&str],
        more: &[&str],
    ) -> Result<String, String> {
        let own = [
            format!("Layout={}", self.layout),
            format!("SigningKey={}", self.key()),
        ];
        let own = own.each_ref().map(String::as_str);
        let mut verb = vec!["deploy", self.environment];
        for parameter in own.iter().chain(GIVEN).chain(more) {
            verb.extend(["--set", parameter]);
        }
        emulator
            .stacks(root, &verb, parts)
            .map_err(|error| error.to_string())
    }

    fn changes_nothing(self, emulator: &Emulator, parts: &[&str]) {
        let said = self.deploy(emulator, parts);
        assert_eq!(said.matches("no change").count(), stacks(parts), "{said}");
    }

    fn destroy(self, emulator: &Emulator, parts: &[&str]) -> String {
        let verb = &["destroy", self.environment, "--yes", self.environment];
        emulator.stacks(&tools::root(), verb, parts).unwrap()
    }

    /// The branch that its pipelines follow.
    fn branch(self) -> &'static str {
        let environment = tools::project().environment(self.environment);
        environment.expect("it is one of the project").branch()
    }

    /// What its images are signed with, if they are.
    fn key(self) -> &'static str {
        if self.layout == "one" { "" } else { KEY }
    }

    /// The repository that an app is built from.
    fn source(self, app: &str) -> String {
        if self.layout == "one" {
            "gitops-loop".to_owned()
        } else {
            format!("gitops-loop-app-{app}")
        }
    }

    /// The repository of the manifests.
    fn manifests(self) -> &'static str {
        if self.layout == "one" {
            "gitops-loop"
        } else {
            "gitops-loop-infra"
        }
    }
}

/// What a fork may have decided otherwise (docs/FORK.md), and an issuer, since no cluster is here
/// to ask.
const GIVEN: &[&str] = &[
    "EncryptionKey=own",
    "Forge=codecommit",
    "GitHubRepository=someone/board",
    "GitHubOwnerId=1234",
    "GitHubRepositoryId=567890",
    "GitHubImmutableSubject=yes",
    "GitLabProject=group/board",
    "Providers=create",
    "OidcProvider=oidc.eks/id/1",
    // Moto has no associations, and none of these is there.
    "PodIdentity=no",
    "Target=",
    "OtherTarget=",
    "VpcId=none",
];

/// A key of KMS, which nobody is asked for here.
const KEY: &str = "00000000-0000-0000-0000-000000000000";

/// How many stacks these parts are: each app has a repository of its own.
fn stacks(parts: &[&str]) -> usize {
    let each = |part: &&str| {
        if *part == "repository" {
            tools::project().apps().len()
        } else {
            1
        }
    };
    parts.iter().map(each).sum()
}

fn ask(emulator: &Emulator, arguments: &[&str]) -> Value {
    emulator.ask(arguments).unwrap()
}

/// The lines of a deployment that tell a change, as `modify Backend (AWS::ECR::Repository)`.
/// Whether a resource is perhaps made anew is left out: `MiniStack` does not know it of every
/// property.
fn changes(said: &str) -> Vec<&str> {
    let lines = said.lines().filter_map(|line| line.strip_prefix("  "));
    let lines = lines.map(|line| line.trim_end_matches(", perhaps made anew"));
    lines
        .filter(|line| {
            ["add", "modify", "remove", "import"]
                .iter()
                .any(|action| line.starts_with(action))
        })
        .collect()
}

/// The error of a question whose answer is that there is no such thing.
fn gone(emulator: &Emulator, arguments: &[&str]) {
    let error = emulator.ask(arguments).unwrap_err().to_string();
    let words = ["NotFound", "NoSuch", "DoesNotExist", "does not exist"];
    assert!(words.iter().any(|word| error.contains(word)), "{error}");
}

/// An inline policy of a role.
fn policy(emulator: &Emulator, role: &str, name: &str) -> Value {
    let arguments = &[
        "iam",
        "get-role-policy",
        "--role-name",
        role,
        "--policy-name",
        name,
    ];
    ask(emulator, arguments)["PolicyDocument"].take()
}

/// The name of the bucket of `artifacts.yaml`.
fn bucket(emulator: &Emulator) -> String {
    let account = &emulator.account;
    format!("gitops-loop-artifacts-{}-{}", account.id, account.region)
}

/// Without this the tests could pass on an emulator that leaves out what it does not know.
fn refuses_an_unknown_type(emulator: &Emulator) {
    let spoilt = Checkout::copy().unwrap();
    spoilt
        .edit(
            "source.yaml",
            "AWS::CodeCommit::Repository",
            "AWS::Nowhere::Thing",
        )
        .unwrap();
    let apart = &["deploy", "production", "--set", "Project=spoilt"];
    let deployed = emulator.stacks(spoilt.root(), apart, &["source"]);
    let error = deployed.unwrap_err().to_string();
    assert!(error.contains("AWS::Nowhere::Thing"), "{error}");
}
