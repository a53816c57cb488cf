//! The document that is checked in, served, and written by hand in two places is the one that the
//! code makes.

use api::text::{TextError, check};
use axum::http::header;
use regress::Regex;
use serde_json::Value;

use crate::support::{app, body, get, unreachable_table};

fn document() -> Value {
    serde_json::from_str(&backend::openapi::document()).unwrap()
}

#[tokio::test]
async fn the_served_document_is_that_of_the_code() {
    let served = get(&app(&unreachable_table().await), api::OPENAPI).await;
    assert_eq!(served.headers()[header::CONTENT_TYPE], "application/json");
    let served: Value = body(served, axum::http::StatusCode::OK).await;
    assert_eq!(
        served,
        document(),
        "crates/api/openapi.json is old; run: cargo xtask openapi"
    );
}

#[test]
fn limits_are_those_that_are_checked() {
    let document = document();
    let fields = &document["components"]["schemas"]["NewMessage"]["properties"];
    assert_eq!(fields["author"]["maxLength"], api::MAX_AUTHOR);
    assert_eq!(fields["text"]["maxLength"], api::MAX_TEXT);
    let parameters = document["paths"][api::MESSAGES]["get"]["parameters"]
        .as_array()
        .unwrap();
    let limit = parameters
        .iter()
        .find(|parameter| parameter["name"] == "limit")
        .unwrap();
    assert_eq!(limit["schema"]["maximum"], api::MAX_LIMIT);
    assert_eq!(limit["schema"]["default"], api::DEFAULT_LIMIT);
}

/// A field of a message in the document.
fn field(name: &str) -> Value {
    document()["components"]["schemas"]["NewMessage"]["properties"][name].clone()
}

/// Its pattern, as JSON Schema means it.
fn pattern(name: &str) -> Regex {
    Regex::with_flags(field(name)["pattern"].as_str().unwrap(), "u").unwrap()
}

fn is_taken(text: &str) -> bool {
    match check(text, api::MAX_TEXT) {
        Ok(_) => true,
        Err(TextError::Blank | TextError::Character { .. }) => false,
        Err(long @ TextError::Long { .. }) => panic!("{text:?}: {long}"),
    }
}

#[test]
fn the_pattern_takes_what_the_api_takes() {
    let pattern = pattern("text");
    assert_eq!(field("author")["pattern"], field("text")["pattern"]);
    // The two planes with scripts and symbols, the one with tags and selectors, and both ends of
    // all others.
    let ends = (2..=16).flat_map(|plane| [plane << 16, (plane << 16) + 0xFFF0].map(|end| end..end + 16));
    let codes = (0..0x2_0000).chain(0xE_0000..0xE_1100).chain(ends.flatten());
    for character in codes.filter_map(char::from_u32) {
        let text = character.to_string();
        assert_eq!(pattern.find(&text).is_some(), is_taken(&text), "{text:?}");
    }
}

#[test]
fn the_pattern_looks_at_every_character() {
    let pattern = pattern("text");
    // One of each kind, and those beside the ends of ranges that are long.
    let characters = "\0\u{8}\t\n\u{B}\r\u{1F} !~\u{7F}\u{85}\u{A0}\u{AD}a\u{301}\u{2800}\u{D7FF}\u{E000}\u{FDD0}\u{FEFF}\
                      \u{FFFD}\u{FFFF}\u{1D159}\u{1FFFF}\u{DFFFF}\u{E0000}\u{E0FFF}\u{E1000}\u{10FFFD}\u{10FFFF}";
    let texts = characters.chars().flat_map(|one| {
        characters
            .chars()
            .flat_map(move |two| [[one, two, ' '], [one, ' ', two], [' ', one, two], [one, two, 'x']])
    });
    for text in texts.map(String::from_iter).chain([String::new()]) {
        assert_eq!(pattern.find(&text).is_some(), is_taken(&text), "{text:?}");
    }
}

#[test]
fn the_document_is_ascii() {
    assert!(backend::openapi::document().is_ascii());
}
