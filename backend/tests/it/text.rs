//! What may be posted, and what of it is stored.

use api::text::{TextError, check};
use api::{MAX_TEXT, Message, MessageList};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use backend::app::App;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};
use serde_json::json;

use crate::support::{app, body, current_table, get, post, posted, problem, send, write};

/// The names of the fields that a post and an edit of this draft are refused for, which must be the
/// same.
async fn refused(app: &App, message: &Message, author: &str, text: &str) -> Vec<String> {
    let draft = json!({"author": author, "text": text}).to_string();
    let change = Request::put(api::message_path(&message.uuid))
        .header("content-type", "application/json")
        .header("if-match", message.etag())
        .body(Body::from(draft.clone()));
    let (post, edit) = (post(app, draft).await, send(app, change.unwrap()).await);
    let (post, edit) = (problem(post, 422).await, problem(edit, 422).await);
    assert_eq!(post.errors, edit.errors);
    post.errors.into_iter().map(|error| error.field).collect()
}

#[tokio::test]
async fn text_that_html_does_not_carry_is_refused() {
    let app = app(&current_table().await);
    let message: Message = body(posted(&app, "k", "hello").await, StatusCode::CREATED).await;
    let controls = ('\0'..='\u{1F}').chain('\u{7F}'..='\u{9F}');
    let controls = controls.filter(|character| !"\t\n\r".contains(*character));
    let noncharacters = [
        '\u{FDD0}',
        '\u{FDEF}',
        '\u{FFFE}',
        '\u{FFFF}',
        '\u{1FFFE}',
        '\u{10FFFF}',
    ];
    for character in controls.chain(noncharacters) {
        for text in [format!("{character}"), format!("one{character}two")] {
            assert_eq!(
                refused(&app, &message, &text, &text).await,
                ["author", "text"],
                "{text:?}"
            );
        }
    }
    assert_eq!(refused(&app, &message, "Ada", "\0").await, ["text"]);
    assert_eq!(refused(&app, &message, "\0", "hello").await, ["author"]);
    let listed: MessageList = body(get(&app, api::MESSAGES).await, StatusCode::OK).await;
    assert_eq!(listed.messages, [message]);
}

#[tokio::test]
async fn text_of_which_nothing_is_seen_is_refused() {
    let app = app(&current_table().await);
    let message: Message = body(posted(&app, "k", "hello").await, StatusCode::CREATED).await;
    for text in [
        "",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\u{A0}",
        "\u{AD}",
        "\u{34F}",
        "\u{61C}",
        "\u{115F}",
        "\u{180E}",
        "\u{200B}",
        "\u{200D}",
        "\u{2028}",
        "\u{202E}",
        "\u{2060}",
        "\u{2062}",
        "\u{2066}\u{2069}",
        "\u{2800}",
        "\u{3000}",
        "\u{3164}",
        "\u{FE0F}",
        "\u{FEFF}",
        "\u{FFA0}",
        "\u{FFF9}",
        "\u{1D159}",
        "\u{E0041}\u{E007F}",
        "\u{E0100}",
        " \u{200B}\n\u{3164} ",
    ] {
        assert_eq!(
            refused(&app, &message, text, text).await,
            ["author", "text"],
            "{text:?}"
        );
    }
    for text in [
        "\u{200B}a",
        "❤\u{FE0F}",
        "🏴\u{E0067}\u{E007F}",
        "\u{202B}مرحبا\u{202C}",
        "\u{FFFD}",
    ] {
        let draft = json!({"author": text, "text": text}).to_string();
        let posted: Message = body(post(&app, draft).await, StatusCode::CREATED).await;
        assert_eq!((posted.author.as_str(), posted.text.as_str()), (text, text));
    }
}

#[tokio::test]
async fn line_breaks_are_one_whoever_sends_them() {
    let app = app(&current_table().await);
    let first: Message = body(posted(&app, "k", "a\nb\n\nc").await, StatusCode::CREATED).await;
    for text in ["a\r\nb\r\n\r\nc", "a\rb\r\rc", "a\r\nb\n\rc"] {
        let again = posted(&app, "k", text).await;
        assert_eq!(again.headers()[api::IDEMPOTENT_REPLAYED], "true", "{text:?}");
        assert_eq!(body::<Message>(again, StatusCode::CREATED).await, first);
    }
    let text = format!("{}x", "\r\n".repeat(MAX_TEXT - 1));
    let longest: Message = body(posted(&app, "l", &text).await, StatusCode::CREATED).await;
    assert_eq!(longest.text, format!("{}x", "\n".repeat(MAX_TEXT - 1)));
    let long = problem(posted(&app, "m", &(text + "\r\n")).await, 422).await;
    assert_eq!(long.detail, "text has 1001 characters, 1000 are allowed");

    let change = write(
        Method::PUT,
        &api::message_path(&first.uuid),
        &[("if-match", "*")],
        "d\r\ne",
    );
    let edited: Message = body(send(&app, change).await, StatusCode::OK).await;
    assert_eq!(edited.text, "d\ne");
}

/// A class of Unicode's properties.
fn unicode(class: &str) -> ClassUnicode {
    match regex_syntax::parse(class).unwrap().into_kind() {
        HirKind::Class(Class::Unicode(class)) => class,
        other => panic!("{other:?} is no class"),
    }
}

/// All characters whose check, alone, ends as `fits` says.
fn checked(fits: fn(&Result<String, TextError>) -> bool) -> ClassUnicode {
    let mut buffer = [0; 4];
    let fitting = ('\0'..=char::MAX).filter(|character| fits(&check(character.encode_utf8(&mut buffer), 1)));
    ClassUnicode::new(fitting.map(|character| ClassUnicodeRange::new(character, character)))
}

#[test]
fn the_rules_are_those_of_unicode() {
    let not_html = unicode(r"[[\p{Cc}\p{Noncharacter_Code_Point}]--[\t\n\r]]");
    assert_eq!(
        checked(|end| matches!(end, Err(TextError::Character { .. }))),
        not_html
    );

    let properties =
        r"\p{White_Space}\p{Default_Ignorable_Code_Point}[\p{Cf}--\p{Prepended_Concatenation_Mark}]";
    let mut invisible = unicode(&format!(r"[{properties}\u{{2800}}\u{{16FE4}}\u{{1D159}}]"));
    invisible.difference(&not_html);
    assert_eq!(checked(|end| *end == Err(TextError::Blank)), invisible);
}
