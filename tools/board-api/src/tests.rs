//! This crate beside the published document.

use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../crates/api/openapi.json");
    serde_json::from_str(text).expect("the document is JSON")
});

fn schema(name: &str) -> &'static Value {
    let found = &DOCUMENT["components"]["schemas"][name];
    assert!(found.is_object(), "the document has no schema {name}");
    found
}

fn parameter(method: &str, name: &str) -> &'static Value {
    let all = DOCUMENT["paths"][MESSAGES][method]["parameters"].as_array();
    let mut all = all.expect("a list of parameters").iter();
    let found = all.find(|parameter| parameter["name"] == name);
    found.unwrap_or_else(|| panic!("{method} has no parameter {name}"))
}

/// A body that the schema allows: with all of its properties, or only with those that it promises.
fn body(schema: &Value, all: bool) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return body(DOCUMENT.pointer(pointer).expect("what is referred to"), all);
    }
    match schema["type"].as_str().or(schema["type"][0].as_str()) {
        Some("string") => json!("words"),
        Some("integer") => json!(1),
        Some("array") => json!([body(&schema["items"], all)]),
        Some("object") => {
            let required = schema["required"].as_array().expect("a list of names");
            let properties = schema["properties"].as_object().expect("properties");
            let named = properties
                .iter()
                .filter(|(name, _)| all || required.contains(&json!(name)));
            named.map(|(name, of)| (name.clone(), body(of, all))).collect()
        }
        other => panic!("nothing here reads a {other:?}"),
    }
}

/// The type reads all that its schema allows; what it reads is gone without its property.
fn reads<T: DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, fields: &[&str]) {
    let [promised, whole] = [false, true].map(|all| body(schema(name), all));
    let read = |body: &Value| serde_json::from_value::<T>(body.clone());
    read(&promised).unwrap_or_else(|error| panic!("{name}: {error} in {promised}"));
    let before = read(&whole).unwrap_or_else(|error| panic!("{name}: {error} in {whole}"));
    for field in fields {
        let mut without = whole.clone();
        let removed = without.as_object_mut().expect("an object").remove(*field);
        assert!(removed.is_some(), "{name} has no {field}");
        assert!(
            read(&without).is_err() || read(&without).is_ok_and(|after| after != before),
            "{name} does not read {field}"
        );
    }
}

#[test]
fn paths_are_those_of_the_document() {
    for path in [MESSAGES, OPENAPI, HEALTHZ, READYZ, VERSION] {
        assert!(DOCUMENT["paths"][path]["get"].is_object(), "{path}");
    }
    assert_eq!(parameter("post", IDEMPOTENCY_KEY)["in"], "header");
}

#[test]
fn limits_are_those_of_the_document() {
    assert_eq!(parameter("get", "limit")["schema"]["maximum"], MAX_LIMIT);
    let written = &schema("NewMessage")["properties"];
    assert_eq!(written["author"]["maxLength"], MAX_AUTHOR);
    assert_eq!(written["text"]["maxLength"], MAX_TEXT);
}

#[test]
fn answers_are_read_as_the_document_has_them() {
    reads::<Message>("Message", &["uuid", "author", "text", "posted_at"]);
    reads::<MessageList>("MessageList", &["messages", "next"]);
    reads::<Version>("BackendVersion", &["commit", "environment"]);
    let all = [
        "commit",
        "environment",
        "schema_version",
        "required_schema_version",
    ];
    reads::<BackendVersion>("BackendVersion", &all);
}

#[test]
fn a_post_says_what_the_document_asks_for() {
    let words = || "words".to_owned();
    let message = NewMessage {
        author: words(),
        text: words(),
    };
    let sent = serde_json::to_value(&message).expect("JSON");
    assert_eq!(sent, body(schema("NewMessage"), true));
}

#[test]
#[should_panic(expected = "Message has no subject")]
fn a_property_that_is_gone_is_found() {
    reads::<Message>("Message", &["subject"]);
}
