//! Stands in front of an emulator of AWS and lets through what STS and IAM would, because no
//! emulator asks: it verifies the tokens of service accounts by the keys of their clusters, judges
//! them by the trust policy of the role, and requests to `DynamoDB` by the role's permissions. Both
//! policies are those that the templates have put into the emulator. It also tells the API server
//! of a cluster who the bearer of a token is, as EKS does.

mod assume_role;
mod authenticator;
mod credentials;
mod crypto;
mod deployed;
mod proxy;
mod refusal;
mod rights;
mod role;
mod server;
mod settings;
mod signature;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]
mod test_issuer;
mod token;
mod upstream;
mod xml;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;

use proxy::Proxy;
use settings::Settings;

/// Serves until the process ends; `variable` looks up a setting.
pub async fn run(variable: impl Fn(&str) -> Option<String>) -> Result<()> {
    let settings = Settings::read(variable)?;
    crypto::install();
    let listener = TcpListener::bind(&settings.listen)
        .await
        .with_context(|| format!("listen on {}", settings.listen))?;
    server::serve(listener, Arc::new(Proxy::new(settings))).await;
    Ok(())
}
