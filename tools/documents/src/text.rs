//! Where a text names commands: in examples of Markdown, in steps of CI files, and between back
//! quotes anywhere.

use std::path::Path;

use crate::mention::Mention;

const SIGN: &str = "cargo xtask";

/// The commands that the file `name` names.
pub(crate) fn mentions(name: &str, text: &str) -> Vec<Mention> {
    match Path::new(name).extension().and_then(|ending| ending.to_str()) {
        Some("md") => of_markdown(name, text),
        Some("rs") => quoted(name, without_tests(text), 1, false),
        Some("toml") => quoted(name, text, 1, false),
        Some("yaml" | "yml") => [quoted(name, text, 1, false), steps(name, text)].concat(),
        _ => Vec::new(),
    }
}

/// What tests say is not for readers.
fn without_tests(code: &str) -> &str {
    code.split("#[cfg(test)]\nmod ").next().unwrap_or(code)
}

fn of_markdown(name: &str, text: &str) -> Vec<Mention> {
    let (mut found, mut prose, mut start) = (Vec::new(), String::new(), 1);
    let mut is_example = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            found.extend(quoted(name, &prose, start, true));
            prose.clear();
            start = number + 1;
            is_example = !is_example;
        } else if is_example {
            found.extend(in_line(name, number, line));
        } else {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    found.extend(quoted(name, &prose, start, true));
    found
}

/// The commands of one line that a shell may be given.
fn in_line(name: &str, number: usize, line: &str) -> Vec<Mention> {
    let starts = line.match_indices(SIGN);
    let found = starts.filter_map(|(at, _)| {
        let before = line[..at].trim_end();
        // In the comment behind a command it is a word of a sentence.
        let begins = before.is_empty() || before.ends_with("&&") || before.ends_with("do");
        begins.then(|| Mention::whole(name, number, &line[at + SIGN.len()..]))?
    });
    found.collect()
}

/// The commands that are steps of a CI file.
fn steps(name: &str, text: &str) -> Vec<Mention> {
    let step = |(number, line): (usize, &str)| {
        let line = line.trim_start();
        let line = line.strip_prefix("- ").unwrap_or(line);
        let line = line.strip_prefix("run: ").unwrap_or(line);
        Mention::whole(name, number, line.strip_prefix(SIGN)?)
    };
    (1..).zip(text.lines()).filter_map(step).collect()
}

/// The commands between back quotes, which may go on in the next line of a `flowing` text.
fn quoted(name: &str, text: &str, start: usize, flowing: bool) -> Vec<Mention> {
    let sign = format!("`{SIGN}");
    let found = text.match_indices(&sign).filter_map(|(at, sign)| {
        let rest = &text[at + sign.len()..];
        let (words, _) = rest.split_once('`')?;
        let is_broken = words.contains(if flowing { "\n\n" } else { "\n" });
        let number = start + text[..at].matches('\n').count();
        (!is_broken).then(|| Mention::part(name, number, words))?
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, text: &str) -> Vec<String> {
        mentions(name, text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn commands_are_found_in_examples_in_sentences_and_in_steps() {
        let page = "Run `cargo xtask\ntest --only x`.\n```\ncargo xtask dev   # as cargo xtask test\n\
                    git add --all && cargo xtask check && git commit\n```\n`cargo xtask` and `cargo xtask e2e …`\n";
        assert_eq!(
            shown("a.md", page),
            [
                "a.md:1: cargo xtask test --only x",
                "a.md:4: cargo xtask dev",
                "a.md:5: cargo xtask check",
                "a.md:7: cargo xtask",
                "a.md:7: cargo xtask e2e",
            ]
        );
        let step = "run: |\n  cargo xtask ci plan\n- run: cargo xtask ci push\n# `cargo xtask aws`\n";
        assert_eq!(
            shown("a.yaml", step),
            [
                "a.yaml:4: cargo xtask aws",
                "a.yaml:2: cargo xtask ci plan",
                "a.yaml:3: cargo xtask ci push"
            ]
        );
        let code = "// `cargo xtask\n// test`\nbail!(\"run `cargo xtask rollback {environment} --to COMMIT`\")\n\
                    #[cfg(test)]\nmod tests { /* `cargo xtask roof` */ }";
        assert_eq!(
            shown("a.rs", code),
            ["a.rs:3: cargo xtask rollback {environment} --to COMMIT"]
        );
        assert!(shown("a.txt", step).is_empty());
    }
}
