//! The rules as JSON Schema.

use std::fmt::Write as _;
use std::sync::LazyLock;

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::characters::{is_html, is_visible};
use crate::{MAX_AUTHOR, MAX_TEXT};

/// Schema of an author.
pub(crate) fn author() -> Object {
    schema(MAX_AUTHOR)
}

/// Schema of a message's text.
pub(crate) fn text() -> Object {
    schema(MAX_TEXT)
}

fn schema(longest: usize) -> Object {
    let description = format!(
        "At most {longest} characters (Unicode scalar values), not all of them invisible. \
         No noncharacter, and no control character but tab and line breaks; each line break is stored, and counts, as one line feed."
    );
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .min_length(Some(1))
        .max_length(Some(longest))
        .pattern(Some(pattern()))
        .build()
}

/// All that [`check`](super::check) asks of a text but its length, in the language of ECMA-262 with
/// its flag `u`, as JSON Schema has it. Only what Python's engine takes as well, which many tools
/// use; so there are no names of properties.
fn pattern() -> &'static str {
    static PATTERN: LazyLock<String> = LazyLock::new(|| {
        let invisible = class(&[Kind::Invisible]);
        let not_visible = class(&[Kind::Invisible, Kind::Refused]);
        let refused = class(&[Kind::Refused]);
        format!("^[{invisible}]*[^{not_visible}][^{refused}]*$")
    });
    &PATTERN
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Refused,
    Invisible,
    Visible,
}

impl Kind {
    fn of(character: char) -> Self {
        // Part of a line break, which is brought into another form.
        let is_taken = character == '\r' || is_html(character);
        match (is_taken, is_visible(character)) {
            (false, _) => Self::Refused,
            (true, false) => Self::Invisible,
            (true, true) => Self::Visible,
        }
    }
}

/// Characters that follow each other and are of one kind.
struct Run {
    kind: Kind,
    first: char,
    last: char,
}

/// The inside of a class of all characters of these kinds.
fn class(kinds: &[Kind]) -> String {
    static RUNS: LazyLock<Vec<Run>> = LazyLock::new(runs);
    let is_in = |run: &Run| kinds.contains(&run.kind);
    let mut class = String::new();
    for joined in RUNS.chunk_by(|one, next| is_in(one) && is_in(next)) {
        let (first, last) = (&joined[0], &joined[joined.len() - 1]);
        if is_in(first) {
            write_range(&mut class, first.first, last.last);
        }
    }
    class
}

/// All characters in order, those of one kind together.
fn runs() -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for character in '\0'..=char::MAX {
        let kind = Kind::of(character);
        match runs.last_mut() {
            Some(run) if run.kind == kind => run.last = character,
            _ => runs.push(Run {
                kind,
                first: character,
                last: character,
            }),
        }
    }
    runs
}

fn write_range(class: &mut String, first: char, last: char) {
    write_character(class, first);
    if first != last {
        class.push('-');
        write_character(class, last);
    }
}

/// Beyond the first plane as it is: there the two languages have no escape in common.
fn write_character(class: &mut String, character: char) {
    let code = u32::from(character);
    if code > 0xFFFF {
        class.push(character);
    } else {
        write!(class, "\\u{code:04x}").expect("a string takes everything");
    }
}
