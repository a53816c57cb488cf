//! Rust as `rustfmt` has it, after words of another length stand in it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, ensure};

use super::tree::Paths;
use taskkit::checkout;

/// Columns of a comment (`xtask/tests/house_rules`).
const WIDTH: usize = 100;

/// Formats as the checkout at a folder says. What it has formatted once costs nothing again: two
/// versions of the template have most files alike.
#[derive(Debug)]
pub(super) struct Formatter {
    root: PathBuf,
    done: BTreeMap<String, Vec<u8>>,
}

impl Formatter {
    /// As the checkout at `root` says.
    pub(super) fn of(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            done: BTreeMap::new(),
        }
    }

    /// `files`, of which those of Rust that differ from the `former` ones are formatted.
    pub(super) fn formatted(&mut self, former: &Paths, mut files: Paths) -> Result<Paths> {
        for (path, file) in &mut files {
            let is_rust = path.extension().is_some_and(|ending| ending == "rs");
            if !is_rust || former.get(path) == Some(file) {
                continue;
            }
            let text = self.text(file.text().map(wrapped).unwrap_or_default());
            file.content = text.with_context(|| format!("format {}", path.display()))?;
        }
        Ok(files)
    }

    fn text(&mut self, text: String) -> Result<Vec<u8>> {
        if let Some(formatted) = self.done.get(&text) {
            return Ok(formatted.clone());
        }
        let formatted = rustfmt(&self.root, text.as_bytes())?;
        self.done.insert(text, formatted.clone());
        Ok(formatted)
    }
}

/// `text` with each line of comment broken that a longer name has made too wide, which rustfmt
/// leaves alone.
fn wrapped(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| broken(line).unwrap_or_else(|| line.to_owned()))
        .collect()
}

/// A comment in two lines; none if it has room, or no space to break at.
fn broken(line: &str) -> Option<String> {
    let start = line.trim_start();
    let indent = &line[..line.len() - start.len()];
    let mark = ["///", "//!", "//"]
        .into_iter()
        .find(|mark| start.starts_with(mark))?;
    let (last, _) = line.trim_end().char_indices().nth(WIDTH)?;
    let at = line[..=last]
        .rfind(' ')
        .filter(|at| *at > indent.len() + mark.len())?;
    Some(format!("{}\n{indent}{mark}{}", &line[..at], &line[at..]))
}

fn rustfmt(root: &Path, text: &[u8]) -> Result<Vec<u8>> {
    let mut command = Command::new("rustfmt");
    command
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(checkout::is_cargo_noise) {
            command.env_remove(name);
        }
    }
    let mut child = command
        .spawn()
        .context("start rustfmt (`rustup component add rustfmt`)")?;
    let mut stdin = child.stdin.take().context("rustfmt reads what it is given")?;
    // It writes before it has read everything.
    let output = thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.write_all(text));
        let output = child.wait_with_output();
        drop(writer.join());
        output
    });
    let output = output.context("wait for rustfmt")?;
    ensure!(
        output.status.success(),
        "rustfmt: {}; nothing was written",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_that_got_too_wide_is_broken_at_a_space() {
        let words = "word ".repeat(18);
        let fits = format!("    // {words}\n");
        assert_eq!(wrapped(&fits), fits);
        let wide = format!("    /// {words}more\n    let a = \"{words}{words}\";\n");
        let broken = format!(
            "    /// {}\n    /// more\n    let a = \"{words}{words}\";\n",
            words.trim_end()
        );
        assert_eq!(wrapped(&wide), broken);
        let address = format!("// {}\n", "a".repeat(120));
        assert_eq!(wrapped(&address), address);
    }
}
