//! What CI and the verifier may ask of CodeCommit is what their code asks.

use std::collections::BTreeSet;
use std::fs;

use cloud::template::Template;
use cloud::tools;

#[test]
fn the_build_may_ask_codecommit_for_what_the_verbs_ask() {
    let source = sources(
        "tools/release/src/ci/forge",
        &["codecommit.rs", "codecommit/comments.rs"],
    );
    // Each call is a text as "create-pull-request"; its options begin with a dash.
    let is_call = |text: &&str| {
        (text.contains("-pull-request") || text.ends_with("-commit"))
            && text.chars().all(|c| c == '-' || c.is_ascii_lowercase())
            && !text.starts_with('-')
    };
    let mut used: BTreeSet<_> = source.split('"').filter(is_call).map(as_action).collect();
    assert!(used.contains("codecommit:CreatePullRequest"), "{used:?}");
    // What Git itself asks for.
    used.extend(["codecommit:GitPull", "codecommit:GitPush"].map(str::to_owned));
    let template = Template::read("build").unwrap();
    let role = &template.resources("AWS::IAM::Role")["Role"];
    let policies = role["Properties"]["Policies"].as_array().unwrap();
    // The last one depends on the forge: a condition, what is for CodeCommit, what is for others.
    let [condition, propose, _] = policies.last().unwrap().as_array().unwrap().as_slice() else {
        panic!("the last policy is no choice")
    };
    assert_eq!(*condition, "OnCodeCommit");
    let statement = &propose["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Effect"], "Allow");
    let allowed = statement["Action"].as_array().unwrap().iter();
    let allowed: BTreeSet<_> = allowed
        .map(|action| action.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(allowed, used);
}

fn sources(folder: &str, files: &[&str]) -> String {
    let read = |file: &&str| fs::read_to_string(tools::root().join(folder).join(file)).unwrap();
    files.iter().map(read).collect()
}

// wing: verifier
#[test]
fn the_verifier_may_ask_codecommit_for_what_it_asks() {
    let source = sources("controllers/verifier/src/forge", &["codecommit.rs"]);
    let calls = source.split('"').skip(1).step_by(2);
    let is_action = |text: &&str| text.ends_with("Commit") && text.chars().all(char::is_alphabetic);
    let used: BTreeSet<_> = calls
        .filter(is_action)
        .filter(|text| *text != "CodeCommit")
        .map(|action| format!("codecommit:{action}"))
        .collect();
    let template = Template::read("cluster").unwrap();
    let role = &template.resources("AWS::IAM::Role")["VerifierRole"];
    let statement = &role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0];
    let allowed = statement["Action"].as_array().unwrap().iter();
    let allowed: BTreeSet<_> = allowed
        .map(|action| action.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(allowed, used);
}
// end of wing

/// `create-pull-request` as IAM writes it.
fn as_action(call: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    let words: Vec<_> = call.split('-').map(capital).collect();
    format!("codecommit:{}", words.concat())
}
