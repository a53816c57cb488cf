//! An error says its cause in its own words or names it as its source. With both, whoever prints
//! the chain of causes prints it twice.

use crate::{files_of, none};

/// Errors of a file that do both, by their lines.
fn saying_twice(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("#[error(") {
        let rest = &text[at..];
        let Some((words, behind)) = rest.split_once(")]") else {
            continue;
        };
        let variant = behind.split("#[error(").next().unwrap_or_default();
        let variant = variant.split("\n}").next().unwrap_or_default();
        let says = ["{0}", "{0:#}", "{source}"].iter().any(|it| words.contains(it));
        let names = ["#[from]", "#[source]", "source:"]
            .iter()
            .any(|it| variant.contains(it));
        if says && names {
            let line = text[..at].lines().count();
            found.push(format!("{name}:{line}: says its source in its own words too"));
        }
    }
    found
}

#[test]
fn no_error_says_its_cause_twice() {
    let found: Vec<_> = files_of("rs")
        .filter(|(name, _)| !name.ends_with("house_rules/errors.rs"))
        .flat_map(|(name, text)| saying_twice(&name, &text))
        .collect();
    none(&found);
}

#[test]
fn each_way_to_say_it_twice_is_found() {
    let twice = "    #[error(\"read it: {0}\")]\n    Read(#[from] Cause),\n";
    assert_eq!(
        saying_twice("a.rs", twice),
        ["a.rs:1: says its source in its own words too"]
    );
    let source = "#[error(\n  \"read it: {source}\"\n)]\nRead { source: Cause },\n";
    assert_eq!(saying_twice("a.rs", source).len(), 1);
    for once in [
        "#[error(\"read it\")]\nRead(#[from] Cause),",
        "#[error(\"read it: {0}\")]\nRead(Cause),\n#[error(\"write it\")]\nWrite(#[source] Cause),",
    ] {
        assert_eq!(saying_twice("a.rs", once), Vec::<String>::new());
    }
}
