//! One terminal for several programs: each line with the name of the program that wrote it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};

/// What a log line always has, or has twice.
const ELSEWHERE: &[&str] = &["timestamp", "level", "message", "target", "span", "spans"];
const DIM: Style = Style::new().dimmed();

/// Prints a line that `program` wrote.
pub(crate) fn show(program: &str, line: &str) {
    let style = style(program);
    anstream::println!("{style}{program:>8} │{style:#} {}", readable(line));
}

/// Prints where the page is, so that it stands out.
pub(crate) fn show_address(url: &str) {
    let style = Style::new().bold().underline();
    anstream::println!("\n     ➜  {style}{url}{style:#}\n");
}

/// What the apps and other programs are told apart by.
const COLORS: [AnsiColor; 3] = [AnsiColor::Magenta, AnsiColor::Cyan, AnsiColor::Blue];

fn style(program: &str) -> Style {
    let color = match program {
        "build" => AnsiColor::Yellow,
        "dev" => AnsiColor::Green,
        // The same in each run, whichever programs there are.
        _ => COLORS[program.bytes().map(usize::from).sum::<usize>() % COLORS.len()],
    };
    color.on_default().bold()
}

/// A log line in JSON as a person reads it; any other line as it is.
fn readable(line: &str) -> String {
    let fields = match serde_json::from_str(line) {
        Ok(Value::Object(fields)) if fields.contains_key("level") => fields,
        _ => return line.to_owned(),
    };
    let time = text(&fields, "timestamp");
    let time = time.get(11..19).unwrap_or_default();
    let level = text(&fields, "level");
    let of_level = match level.as_str() {
        "ERROR" => AnsiColor::Red.on_default(),
        "WARN" => AnsiColor::Yellow.on_default(),
        _ => Style::new(),
    };
    let mut shown = format!(
        "{DIM}{time}{DIM:#} {of_level}{level:5} {}{of_level:#}",
        text(&fields, "message")
    );
    write_pairs(&mut shown, &fields);
    // The innermost span repeats what the outer ones are about.
    if let Some(Value::Object(span)) = fields.get("span") {
        write_pairs(&mut shown, span);
    }
    shown
}

fn write_pairs(shown: &mut String, fields: &Map<String, Value>) {
    for (name, _) in fields
        .iter()
        .filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()))
    {
        // Writing to a String does not fail.
        let _ = write!(shown, " {DIM}{name}={DIM:#}{}", text(fields, name));
    }
}

/// A value without the quotes of JSON.
fn text(fields: &Map<String, Value>, name: &str) -> String {
    match fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(line: &str) -> String {
        anstream::adapter::strip_str(&readable(line)).to_string()
    }

    #[test]
    fn a_log_line_is_made_readable() {
        let line = r#"{"timestamp":"2026-11-21T12:31:55.983794Z","level":"INFO","message":"answered","status":201,
            "target":"backend::router","span":{"method":"POST","uri":"/api/messages"},"spans":[{"method":"POST"}]}"#;
        assert_eq!(
            plain(line),
            "12:31:55 INFO  answered status=201 method=POST uri=/api/messages"
        );
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        for line in [
            "thread 'main' panicked at src/main.rs:1:1:",
            r#"{"no":"log"}"#,
            "",
        ] {
            assert_eq!(plain(line), line);
        }
    }
}
