//! A command that a file names, and whether there is one like it.

use std::fmt;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// A command of `cargo xtask` that a file names.
#[derive(Debug, Clone)]
pub struct Mention {
    file: String,
    line: usize,
    words: Vec<String>,
    /// Whether it is to be given as it stands, so that nothing may be missing.
    is_whole: bool,
}

impl Mention {
    /// Of a line that is to be given to a shell.
    pub(crate) fn whole(file: &str, line: usize, text: &str) -> Option<Self> {
        Self::new(file, line, text, true)
    }

    /// Of a sentence, which may leave out what it does not speak of.
    pub(crate) fn part(file: &str, line: usize, text: &str) -> Option<Self> {
        Self::new(file, line, text, false)
    }

    /// None for another program whose name begins alike, and for what no shell would take.
    fn new(file: &str, line: usize, text: &str, is_whole: bool) -> Option<Self> {
        if !text.is_empty() && !text.starts_with(char::is_whitespace) {
            return None;
        }
        let split = shlex::split(&text.replace("\\\"", "\""))?;
        let goes_on = |word: &String| !["…", "&&", "||", "|", ";", ">", ">>"].contains(&word.as_str());
        let words: Vec<_> = split.iter().take_while(|word| goes_on(word)).collect();
        let is_cut = split.get(words.len()).is_some_and(|word| word == "…");
        let words = words.into_iter().map(|word| plain(word)).collect();
        Some(Self {
            file: file.to_owned(),
            line,
            words,
            is_whole: is_whole && !is_cut,
        })
    }

    /// Those behind `cargo xtask`.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The environment that it makes, which others may name then.
    pub(crate) fn made(&self) -> Option<&str> {
        match self.words.as_slice() {
            [command, name, ..] if command == "new-environment" => Some(name),
            _ => None,
        }
    }

    /// What is wrong with it for a program that would be given these `arguments`, once there is
    /// what others have `made`.
    pub(crate) fn fault(&self, command: &Command, arguments: &[String], made: &[&str]) -> Option<String> {
        let command = command.clone().no_binary_name(true);
        let error = command.try_get_matches_from(arguments).err()?;
        if self.allows(&error, made) {
            return None;
        }
        let said = error.to_string();
        let why = said.lines().next().unwrap_or_default();
        Some(format!("{self}: {}", why.trim_start_matches("error: ")))
    }

    fn allows(&self, error: &Error, made: &[&str]) -> bool {
        let word = |kind| match error.get(kind) {
            Some(ContextValue::String(word)) => word.as_str(),
            _ => "",
        };
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
            ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => !self.is_whole,
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
                let value = word(ContextKind::InvalidValue);
                let is_missing = value.is_empty() && !self.is_whole;
                is_missing || is_placeholder(value) || made.contains(&value)
            }
            ErrorKind::InvalidSubcommand => is_placeholder(word(ContextKind::InvalidSubcommand)),
            // Words that a shell may put there.
            ErrorKind::UnknownArgument => word(ContextKind::InvalidArg).starts_with('$'),
            _ => false,
        }
    }
}

impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: cargo xtask", self.file, self.line)?;
        self.words.iter().try_for_each(|word| write!(f, " {word}"))
    }
}

/// The word without the brackets of what may be left out, and of alternatives the first.
fn plain(word: &str) -> String {
    let word = word.trim_start_matches('[').trim_end_matches(']');
    word.split('|').next().unwrap_or(word).to_owned()
}

/// Whether a reader is to fill something in.
fn is_placeholder(word: &str) -> bool {
    let is_name = word.contains(char::is_uppercase) && !word.contains(char::is_lowercase);
    is_name || word.starts_with(['<', '$']) || word.contains('{')
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    fn command() -> Command {
        let number = Arg::new("repeat")
            .long("repeat")
            .value_parser(clap::value_parser!(u32));
        let up = Command::new("up")
            .arg(number)
            .arg(Arg::new("name").required(true));
        Command::new("x").subcommand_required(true).subcommand(up)
    }

    fn fault(text: &str, is_whole: bool) -> Option<String> {
        let mention = Mention::new("a.md", 3, text, is_whole)?;
        mention.fault(&command(), mention.words(), &[])
    }

    #[test]
    fn what_is_not_there_is_a_fault_and_what_is_left_out_or_to_be_filled_in_is_none() {
        for text in [" down", " up --repeats 3 x", " up --repeat three x", " up x y"] {
            let fault = fault(text, false).unwrap_or_else(|| panic!("{text} is taken"));
            assert!(
                fault.starts_with(&format!("a.md:3: cargo xtask{text}: ")),
                "{fault}"
            );
        }
        for text in [
            "",
            " up",
            " up --repeat N",
            " up [--repeat N] <name>",
            " up …",
            " --help",
            " {command}",
        ] {
            assert_eq!(fault(text, false), None, "{text}");
        }
        assert!(fault(" up", true).is_some(), "a name is missing");
        assert!(fault(" up x --repeat", true).is_some(), "a number is missing");
        assert_eq!(fault(" up x && echo", true), None);
    }
}
