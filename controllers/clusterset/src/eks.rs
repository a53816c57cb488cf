//! What EKS says of its clusters: listed, and each described.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_sdk_eks::Client;
use aws_sdk_eks::config::SharedHttpClient;
use aws_sdk_eks::error::DisplayErrorContext;
use aws_sdk_eks::operation::describe_cluster::DescribeClusterError;
use aws_sdk_eks::types;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::stream::{self, StreamExt as _};

use crate::cluster::{Cluster, Observation};
use crate::config;

/// A pass waits for no answer longer than this, all attempts included.
const OPERATION: Duration = Duration::from_secs(8);
const ATTEMPT: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(2);
/// How many clusters are described at the same time: hundreds fit into a pass, and AWS limits how
/// many a second it answers for.
const AT_ONCE: usize = 8;

/// EKS of the account and region that the SDK's own variables name.
#[derive(Clone, Debug)]
pub(crate) struct Eks {
    client: Client,
    page_size: i32,
}

/// One cluster that was asked for by name.
enum Described {
    Found(Box<Cluster>),
    Gone,
    Unknown(String),
}

impl Eks {
    /// Connects at first use.
    pub(crate) async fn connect(settings: &config::Eks) -> Self {
        // The behaviour version is pinned: a newer SDK must not change retries or timeouts unread.
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
        Self {
            client: client(loader).await,
            page_size: settings.eks_page_size,
        }
    }

    /// Describes all clusters that are listed, and by name those of `known` that are not.
    pub(crate) async fn observe(
        &self,
        listed: Result<Vec<String>, String>,
        known: &BTreeSet<&str>,
    ) -> Observation {
        let mut seen = Observation::default();
        // Whoever has no list still learns of the clusters that it knows.
        let listed = listed.unwrap_or_else(|doubt| {
            seen.doubts.push(doubt);
            Vec::new()
        });
        for described in self.describe_all(&listed).await {
            match described {
                Described::Found(cluster) => seen.clusters.push(*cluster),
                // Deleted since it was listed.
                Described::Gone => {}
                Described::Unknown(doubt) => seen.doubts.push(doubt),
            }
        }
        let unlisted = known.iter().map(|name| (*name).to_owned());
        let unlisted: Vec<_> = unlisted.filter(|name| !listed.contains(name)).collect();
        for (name, described) in unlisted.iter().zip(self.describe_all(&unlisted).await) {
            match described {
                Described::Found(cluster) => {
                    seen.doubts.push(format!("{name} is there and was not listed"));
                    seen.clusters.push(*cluster);
                }
                Described::Gone => {
                    seen.gone.insert(name.clone());
                }
                Described::Unknown(doubt) => seen.doubts.push(doubt),
            }
        }
        seen
    }

    /// The names of all clusters, or why there is no list.
    pub(crate) async fn list(&self) -> Result<Vec<String>, String> {
        let pages = self
            .client
            .list_clusters()
            .into_paginator()
            .page_size(self.page_size);
        let names = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        names.map_err(|error| format!("list the clusters of EKS: {}", DisplayErrorContext(&error)))
    }

    async fn describe_all(&self, names: &[String]) -> Vec<Described> {
        let asked: Vec<_> = names.iter().map(|name| self.describe(name)).collect();
        stream::iter(asked).buffered(AT_ONCE).collect().await
    }

    async fn describe(&self, name: &str) -> Described {
        match self.client.describe_cluster().name(name).send().await {
            Ok(answer) => match answer.cluster.and_then(understood) {
                Some(cluster) => Described::Found(Box::new(cluster)),
                None => Described::Unknown(format!("describe {name}: the answer names no cluster")),
            },
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeClusterError::is_resource_not_found_exception) =>
            {
                Described::Gone
            }
            Err(error) => Described::Unknown(format!("describe {name}: {}", DisplayErrorContext(&error))),
        }
    }
}

fn understood(cluster: types::Cluster) -> Option<Cluster> {
    let authority = cluster.certificate_authority.and_then(|authority| authority.data);
    Some(Cluster {
        name: cluster.name?,
        arn: cluster.arn?,
        status: cluster.status?.as_str().to_owned(),
        endpoint: cluster.endpoint.unwrap_or_default(),
        certificate_authority: authority.unwrap_or_default(),
        tags: cluster.tags.unwrap_or_default().into_iter().collect(),
    })
}

async fn client(loader: ConfigLoader) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let config = loader
        .http_client(http_client())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .load()
        .await;
    Client::new(&config)
}

/// An HTTP client on rustls with ring and Mozilla's roots: the image has no certificate store to
/// read.
fn http_client() -> SharedHttpClient {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let roots = roots.fold(TrustStore::empty(), |roots, certificate| {
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
