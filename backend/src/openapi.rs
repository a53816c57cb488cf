//! The `OpenAPI` document of this API, made of the handlers and the wire types.
//!
//! Built for tests and for `cargo xtask openapi` only: the binary serves `crates/api/openapi.json`,
//! and a test compares the two.

use std::fmt::Write as _;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{self, PathItem, RefOr};
use utoipa::{Modify, OpenApi};

use crate::routes::{document, health, messages};

/// The document as it is checked in: indented JSON with a line break at the end.
pub fn document() -> String {
    let text = Document::openapi()
        .to_pretty_json()
        .expect("the document is plain data");
    in_ascii(&text) + "\n"
}

/// The same JSON with escapes for what is not ASCII: the patterns are about characters that nobody
/// sees.
fn in_ascii(json: &str) -> String {
    let mut units = [0; 2];
    let mut ascii = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut units) {
            write!(ascii, "\\u{unit:04x}").expect("a string takes everything");
        }
    }
    ascii
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Message board",
        description = "Messages in a DynamoDB table. Every error is `application/problem+json` (RFC 9457).",
        version = "1",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(
        messages::list,
        messages::post,
        messages::get,
        messages::put,
        messages::delete,
        health::live,
        health::ready,
        health::version,
        document::show,
    ),
    modifiers(&RequestId),
)]
struct Document;

/// Every answer carries the request id.
struct RequestId;

impl Modify for RequestId {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let operations = document.paths.paths.values_mut().flat_map(operations);
        for response in operations.flat_map(|operation| operation.responses.responses.values_mut()) {
            if let RefOr::T(response) = response {
                let header = HeaderBuilder::new()
                    .description(Some("Quote it to have the request found in the logs"))
                    .build();
                response.headers.insert("X-Request-Id".into(), header.into());
            }
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let taken = [&mut path.get, &mut path.post, &mut path.put, &mut path.delete];
    taken.into_iter().filter_map(Option::as_mut)
}
