//! Whose rules of promotion count: those of the tip, whatever commit a verb runs on.

use anyhow::Result;

use super::Repository;
use crate::ci::rules::Rules;
use crate::environment::project;
use taskkit::environment::SAMPLE;

/// The rules in a commit in which the sample is changed so.
fn rules(from: &str, to: &str) -> Result<Rules> {
    let repository = Repository::new();
    assert!(SAMPLE.contains(from), "{SAMPLE}");
    repository.write(project::FILE, &SAMPLE.replacen(from, to, 1));
    let tip = repository.commit("Rules");
    Rules::of(&repository.handle(), &tip)
}

fn words<T>(refused: Result<T>) -> String {
    format!("{:#}", refused.err().expect("refused"))
}

#[test]
fn those_of_the_tip_count_and_not_those_of_the_commit() {
    let [first, second, last] = project().environments() else {
        panic!("the sample has three")
    };
    let branch = format!("branch = \"{}\"\n", first.branch());
    let gated = rules(&branch, &format!("{branch}verify = true\n")).unwrap();
    assert!(!first.verifies(), "the commit's own");
    let gate = gated.gate(second, None).unwrap();
    assert_eq!(gate.map(|gate| gate.before), Some(first));
    for open in [first, last] {
        assert!(gated.gate(open, None).unwrap().is_none(), "{open}");
    }
    // wing: versions
    let branch = format!("branch = \"{}\"\n", last.branch());
    let following = rules(&branch, &format!("{branch}follows = \"^1.2\"\n")).unwrap();
    assert_eq!(last.follows(), None, "the commit's own");
    assert_eq!(following.follows(last), Some("^1.2".parse().unwrap()));
    assert_eq!(following.follows(first), None);
    // end of wing
}

#[test]
fn rules_that_this_commit_does_not_know_are_not_passed_over() {
    let unknown = words(rules("[[environments]]\n", "[[environments]]\nnew-rule = true\n"));
    let name = format!("name = \"{}\"\n", project().last());
    let renamed = rules(&name, "name = \"live\"\n").unwrap();
    let missing = words(renamed.gate(project().last(), None));
    for words in [unknown, missing] {
        assert!(words.contains("run the verb there"), "{words}");
    }
}
