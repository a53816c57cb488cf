//! The connection to the `DynamoDB` table: TLS, timeouts and retries, chosen on purpose and written
//! down once.

use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::Client;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::config;

/// How long the table is waited for, and how often it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection stands.
    pub connect: Duration,
    /// One try.
    pub attempt: Duration,
    /// All tries of an operation with the pauses between them; shorter than the time the router
    /// gives a request.
    pub operation: Duration,
    /// Tries of an operation, the first included.
    pub attempts: u32,
    /// Longest pause before the second try; each further one doubles it. The pause itself is chosen
    /// by chance, so that servers that were throttled together do not come back together.
    pub first_pause: Duration,
}

impl Default for Timeouts {
    /// A table answers in single milliseconds, so a second without a connection is a fault.
    /// Throttling and lost connections are worth two more tries, and soon: the SDK's own pause of
    /// up to a second would be all that a person notices.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            attempt: Duration::from_secs(2),
            operation: Duration::from_secs(5),
            attempts: 3,
            first_pause: Duration::from_millis(100),
        }
    }
}

/// A table and the client that reaches it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Reaches the service.
    pub client: Client,
    /// Name of the table.
    pub name: String,
}

/// The table that the settings name, with region, endpoint and credentials from the AWS SDK's own
/// variables.
pub async fn table(config: &config::Table) -> Table {
    // The behaviour version is pinned: a newer SDK must not change retries or timeouts unread.
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    Table {
        client: client(loader, Timeouts::default()).await,
        name: config.table_name.clone(),
    }
}

/// A client with this program's TLS and these timeouts and retries; it connects at first use.
pub async fn client(loader: ConfigLoader, timeouts: Timeouts) -> Client {
    let retries = RetryConfig::standard()
        .with_max_attempts(timeouts.attempts)
        .with_initial_backoff(timeouts.first_pause);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(timeouts.connect)
        .operation_attempt_timeout(timeouts.attempt)
        .operation_timeout(timeouts.operation)
        .build();
    let config = loader
        .http_client(http_client())
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await;
    Client::new(&config)
}

/// An HTTP client on rustls with ring and Mozilla's roots: the image has no certificate store to
/// read.
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
