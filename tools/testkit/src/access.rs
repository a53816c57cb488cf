//! How a program reaches a `DynamoDB` of this crate: region, endpoint, and credentials that every
//! emulator takes.

use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;

const REGION: &str = "eu-central-1";
/// Letters only: `DynamoDB` Local refuses any other key.
const KEY: &str = "test";

/// The SDK's settings for `endpoint` (`http://127.0.0.1:…`), for a program that makes its client
/// itself.
pub fn loader(endpoint: &str) -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::from_static(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new(KEY, KEY, None, None, "testkit"))
}

/// A client of `endpoint` with the SDK's own timeouts and retries.
pub async fn client(endpoint: &str) -> Client {
    let plain = aws_smithy_http_client::Builder::new().build_http();
    Client::new(&loader(endpoint).http_client(plain).load().await)
}

/// The same for a process: the environment variables that lead its SDK to `endpoint`.
pub fn variables(endpoint: &str) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
    ]
}
