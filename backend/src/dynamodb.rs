//! The connection to the `DynamoDB` table: TLS, timeouts and retries, chosen on purpose and written down once.

use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::Client;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::config;

/// A table answers in single milliseconds; a second without a connection is a fault.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// One try.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// All tries together; shorter than the time the router gives a request.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);
/// First try included; throttling and lost connections are worth two more.
const ATTEMPTS: u32 = 3;

/// A table and the client that reaches it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Reaches the service.
    pub client: Client,
    /// Name of the table.
    pub name: String,
}

/// The table that the settings name, with region, endpoint and credentials from the AWS SDK's own variables.
pub async fn table(config: &config::Table) -> Table {
    // The behaviour version is pinned: a newer SDK must not change retries or timeouts unread.
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    Table {
        client: client(loader).await,
        name: config.table_name.clone(),
    }
}

/// A client with this program's TLS, timeouts and retries; it connects at first use.
pub async fn client(loader: ConfigLoader) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let config = loader
        .http_client(http_client())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .load()
        .await;
    Client::new(&config)
}

/// An HTTP client on rustls with ring and Mozilla's roots: the image has no certificate store to read.
fn http_client() -> aws_sdk_dynamodb::config::SharedHttpClient {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .fold(TrustStore::empty(), |roots, certificate| {
            roots.with_pem_certificate(pem(certificate))
        });
    let context = TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .expect("a trust store alone is a valid context");
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https()
}

fn pem(der: &[u8]) -> String {
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        BASE64_STANDARD.encode(der)
    )
}
