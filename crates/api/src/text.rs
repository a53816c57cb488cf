//! What a person may write: text that HTML carries unchanged, with something in it to see.
//!
//! The backend refuses by these rules, the `OpenAPI` document publishes them, and the page shows
//! what was stored before there were any.

mod characters;
#[cfg(feature = "openapi")]
pub(crate) mod schema;

use std::borrow::Cow;
use std::fmt;

use characters::{is_html, is_visible};

/// Why a text is not taken, in words that follow the name of its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextError {
    /// It has a character that HTML does not carry.
    Character {
        /// The first such character.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// It has nothing to see.
    Blank,
    /// It is too long.
    Long {
        /// Its characters.
        length: usize,
        /// Those that are allowed.
        longest: usize,
    },
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character { character, position } => write!(
                f,
                "has U+{:04X} as character {position}, which a page cannot show; leave it out",
                u32::from(*character)
            ),
            Self::Blank => f.write_str("must not be blank"),
            Self::Long { length, longest } => {
                write!(f, "has {length} characters, {longest} are allowed")
            }
        }
    }
}

impl std::error::Error for TextError {}

/// The text as it is stored, if it may be: a line break is one line feed, and at most `longest`
/// characters are taken.
pub fn check(text: &str, longest: usize) -> Result<String, TextError> {
    let text = normalize_newlines(text);
    if let Some((index, character)) = text
        .chars()
        .enumerate()
        .find(|(_, character)| !is_html(*character))
    {
        let position = index + 1;
        return Err(TextError::Character { character, position });
    }
    if !text.chars().any(is_visible) {
        return Err(TextError::Blank);
    }
    let length = length(&text);
    if length > longest {
        return Err(TextError::Long { length, longest });
    }
    Ok(text.into_owned())
}

/// How many characters of a limit a text takes: Unicode scalar values, a line break being one.
pub fn length(text: &str) -> usize {
    normalize_newlines(text).chars().count()
}

/// A stored text as a page can show it: what HTML does not carry is U+FFFD, the replacement
/// character. The browser would drop or replace it, and the page's script would look in vain for a
/// text that it finds in the data.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    let text = normalize_newlines(text);
    if text.chars().all(is_html) {
        return text;
    }
    let shown = |character| {
        if is_html(character) {
            character
        } else {
            char::REPLACEMENT_CHARACTER
        }
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Line feeds for every line break: a form sends carriage return and line feed, a script the line
/// feed alone, and HTML makes a line feed of a lone carriage return.
fn normalize_newlines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = char> {
        '\0'..=char::MAX
    }

    #[test]
    fn a_character_that_html_does_not_carry_is_refused_wherever_it_stands() {
        let mut refused = 0;
        for character in all().filter(|character| !is_html(*character) && *character != '\r') {
            for text in [format!("{character}"), format!("a{character}b")] {
                let error = check(&text, 9).unwrap_err();
                assert!(matches!(error, TextError::Character { .. }), "{text:?}: {error}");
                assert!(sanitize(&text).contains('\u{FFFD}'), "{text:?}");
            }
            refused += 1;
        }
        assert_eq!(refused, 62 + 66, "control characters and noncharacters");
    }

    #[test]
    fn a_text_of_nothing_to_see_is_blank() {
        let invisible = |character: &char| is_html(*character) && !is_visible(*character);
        let blank: Vec<char> = all().filter(invisible).collect();
        for character in &blank {
            let text = format!("{character} {character}");
            assert_eq!(check(&text, 9), Err(TextError::Blank), "{text:?}");
            assert!(check(&format!("{text}."), 9).is_ok(), "{text:?}");
        }
        assert_eq!(
            check(&blank.iter().collect::<String>(), 9999),
            Err(TextError::Blank)
        );
        for seen in [
            "0",
            "é",
            "\u{301}",
            "\u{FFFD}",
            "\u{600}",
            "❤\u{FE0F}",
            "👩\u{200D}👧",
        ] {
            assert!(check(seen, 9).is_ok(), "{seen:?}");
        }
    }

    #[test]
    fn line_breaks_have_one_form_before_they_count() {
        for text in ["a\n\nb", "a\r\n\r\nb", "a\r\rb", "a\r\n\rb", "a\n\rb"] {
            assert_eq!(check(text, 4).as_deref(), Ok("a\n\nb"), "{text:?}");
            assert_eq!((length(text), sanitize(text).as_ref()), (4, "a\n\nb"));
            let (length, longest) = (4, 3);
            assert_eq!(check(text, 3), Err(TextError::Long { length, longest }));
        }
        for text in ["\r", "\r\n", "\n \r"] {
            assert_eq!(check(text, 9), Err(TextError::Blank), "{text:?}");
        }
    }

    #[test]
    fn an_error_names_the_character_and_its_place() {
        let error = check("one\r\ntwo\u{B}", 9).unwrap_err().to_string();
        assert_eq!(
            error,
            "has U+000B as character 8, which a page cannot show; leave it out"
        );
    }

    #[test]
    fn what_html_carries_is_shown_as_it_is() {
        for text in [
            "",
            "Hello <b>",
            "\tkept \n",
            "مرحبا\u{202E}dlrow",
            "👩‍👩‍👧 🇪🇺",
            "\u{E000}",
        ] {
            assert!(matches!(sanitize(text), Cow::Borrowed(same) if same == text));
        }
        assert_eq!(sanitize("\0"), "\u{FFFD}");
        assert_eq!(sanitize("a\0\r\nb\u{10FFFF}"), "a\u{FFFD}\nb\u{FFFD}");
    }
}
