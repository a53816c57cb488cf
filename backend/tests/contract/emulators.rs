//! Where the databases differ from what AWS documents, as far as a service like this one could meet
//! it. docs/EMULATORS.md tells it in words and names these cases.

mod querying;
mod tables;
mod writing;

use std::fmt::Debug;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;

use crate::case::{Case, Ground};

const EMBEDDED: &str = "embedded";
const DYNAMODB_LOCAL: &str = "dynamodb-local";
const LOCALSTACK: &str = "localstack";

pub(crate) fn cases() -> Vec<Case> {
    [writing::cases(), querying::cases(), tables::cases()].concat()
}

/// Fails unless `seen` is what AWS documents or, on a database that is named, what that one does
/// instead.
fn expect<T: PartialEq + Debug>(ground: &Ground, seen: &T, aws: &T, instead: &[(&str, T)]) {
    let other = instead.iter().find(|(database, _)| *database == ground.database);
    assert_eq!(seen, other.map_or(aws, |(_, other)| other));
}

/// The error's code, or `done`.
fn code<T, E: ProvideErrorMetadata, R>(result: &Result<T, SdkError<E, R>>) -> String {
    refusal(result).0
}

/// The error's code and text.
fn refusal<T, E: ProvideErrorMetadata, R>(result: &Result<T, SdkError<E, R>>) -> (String, String) {
    let Err(error) = result else {
        return ("done".to_owned(), String::new());
    };
    let error = error.as_service_error().expect("the database answers");
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    (text(error.code()), text(error.message()))
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}
