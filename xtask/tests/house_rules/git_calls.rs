//! Git is started by `gitkit` alone, which closes it to what a person has set.

use crate::{files_of, none};

/// Lines of Rust that start Git by its name, or by `gitkit::PROGRAM` without closing it.
fn past_gitkit(name: &str, text: &str) -> Vec<String> {
    // In pieces, so that this file obeys its own rule.
    let [named, called] = [concat!("\"g", "it\""), concat!("\"g", "it ")];
    let mut found = Vec::new();
    let mut before = "";
    for (number, line) in text.lines().enumerate() {
        // The text of a `cmd!` may be on a line of its own, after that of the shell.
        let follows = ["sh,", "shell,"].iter().any(|shell| before.ends_with(shell));
        let is_text = follows && line.trim_start().starts_with(called);
        let starts = ["new(", "cmd("]
            .iter()
            .any(|start| line.contains(&format!("{start}{named}")))
            || line.contains("cmd!(") && (line.contains(called) || line.contains(named))
            || line.contains(concat!("/bin/g", "it\""));
        let unclosed = line.contains(concat!("gitkit::PRO", "GRAM"))
            && !["closing(", "Checkout::of("].iter().any(|way| line.contains(way));
        let is_comment = line.trim_start().starts_with("//");
        if !is_comment && (is_text || starts || unclosed) {
            found.push(format!("{name}:{}: starts Git past gitkit", number + 1));
        }
        before = line;
    }
    found
}

#[test]
fn git_is_started_in_one_place() {
    let elsewhere = files_of("rs").filter(|(name, _)| !name.starts_with("tools/gitkit/"));
    let found: Vec<_> = elsewhere
        .flat_map(|(name, text)| past_gitkit(&name, &text))
        .collect();
    none(&found);
}

#[test]
fn each_way_past_gitkit_is_found() {
    let program = concat!("g", "it");
    for line in [
        format!("Command::new(\"{program}\")"),
        format!("cmd!(sh, \"{program} status\")"),
        format!("let x = cmd!(\n    sh,\n    \"{program} -C {{a}} b\"\n)"),
        format!("sh.cmd(\"{program}\")"),
        format!("Command::new(\"/usr/bin/{program}\")"),
        concat!("Command::new(gitkit::PRO", "GRAM)").to_owned(),
    ] {
        assert!(!past_gitkit("a.rs", &line).is_empty(), "{line}");
    }
    for line in [
        "Git::at(folder).args(args)",
        "Git::closing(sh.cmd(gitkit::PROGRAM).into())",
    ] {
        assert_eq!(past_gitkit("a.rs", line), Vec::<String>::new());
    }
}
