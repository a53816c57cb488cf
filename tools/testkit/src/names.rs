//! What each `DynamoDB` of the tests is called.

/// One that is linked into the tests.
pub(crate) const EMBEDDED: &str = "embedded";
/// `DynamoDB` Local, Amazon's own emulator.
pub(crate) const DYNAMODB_LOCAL: &str = "dynamodb-local";
/// `LocalStack`: `DynamoDB` Local behind a gateway that adds and leaves out something.
pub(crate) const LOCALSTACK: &str = "localstack";
