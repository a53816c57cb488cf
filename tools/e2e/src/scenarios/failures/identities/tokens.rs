//! Tokens of service accounts: a pod's own, one that is asked for, and those that nobody should
//! take.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::Api;
use kube::api::PostParams;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::environment::NAMESPACE;
use crate::host::process::Tool;
use crate::run::Testbed;
use crate::scenarios::pods::{container_of, node_of};

const EXEC: Duration = Duration::from_secs(20);
/// `$1` is a container's id. As the user of the pod: nobody else may read it.
const OF_POD: &str = r#"
pid=$(ctr --namespace k8s.io tasks list | awk -v id="$1" '$1 == id { print $2 }')
setpriv --reuid 65532 --regid 65532 --clear-groups cat "/proc/$pid/root/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
"#;
const KEY: &str = "cat /etc/kubernetes/pki/sa.key";

/// The token that the kubelet has given to a running pod.
pub(super) async fn of_pod(testbed: &Testbed, pod: &Pod) -> Result<String> {
    on_node(testbed, node_of(pod)?, OF_POD, container_of(pod)?)
        .await
        .context("read the token of a pod")
}

/// A token of an account, for whom it is asked.
pub(in crate::scenarios) async fn of_account(
    cluster: &Cluster,
    namespace: &str,
    account: &str,
    audience: &str,
) -> Result<String> {
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client.clone(), namespace);
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            audiences: Some(vec![audience.to_owned()]),
            ..TokenRequestSpec::default()
        }),
        ..TokenRequest::default()
    };
    let made = accounts
        .create_token_request(account, &PostParams::default(), &request)
        .await
        .with_context(|| format!("ask for a token of {account}"))?;
    let token = made.status.and_then(|status| status.token);
    token.context("a request for a token has no answer")
}

/// The key by which a cluster signs its tokens.
pub(super) async fn key_of(testbed: &Testbed, cluster: &Cluster) -> Result<RsaKeyPair> {
    let pem = on_node(testbed, &cluster.environment.control_plane(), KEY, "").await?;
    let body: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
    let der = STANDARD.decode(body).context("decode the key of the tokens")?;
    RsaKeyPair::from_der(&der).map_err(|error| anyhow!("the key of the tokens is no RSA key: {error}"))
}

/// A token, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    header: Value,
    claims: Value,
    signature: String,
}

impl Parts {
    pub(super) fn of(token: &str) -> Result<Self> {
        let parts: Vec<_> = token.trim().split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            anyhow::bail!("a token has {} parts", parts.len());
        };
        let read = |part: &str| -> Result<Value> {
            let text = URL_SAFE_NO_PAD.decode(part).context("decode a part of a token")?;
            serde_json::from_slice(&text).context("read a part of a token")
        };
        Ok(Self {
            header: read(header)?,
            claims: read(claims)?,
            signature: (*signature).to_owned(),
        })
    }

    /// With another subject and the signature that it had.
    pub(super) fn of_another(mut self, account: &str) -> String {
        self.claims["sub"] = format!("system:serviceaccount:{NAMESPACE}:{account}").into();
        format!("{}.{}", self.message(), self.signature)
    }

    /// With a header that says that there is no signature.
    pub(super) fn unsigned(mut self) -> String {
        self.header["alg"] = "none".into();
        format!("{}.", self.message())
    }

    /// Valid until so long from now, and signed anew; for a time that is over, issued before it.
    pub(super) fn signed(mut self, until: i64, key: &RsaKeyPair) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.context("read the clock")?.as_secs()).context("read the clock")?;
        let begun = now + until.min(0) - 3600;
        for (claim, time) in [("iat", begun), ("nbf", begun), ("exp", now + until)] {
            self.claims[claim] = time.into();
        }
        let message = self.message();
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .map_err(|_| anyhow!("a token cannot be signed"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn message(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }
}

/// Not into the log: what it prints is a secret.
async fn on_node(testbed: &Testbed, node: &str, script: &str, argument: &str) -> Result<String> {
    let harness = &testbed.harness;
    let exec = ["exec", node, "sh", "-c", script, "sh", argument];
    Tool::of_engine(&harness.engine, exec, &harness.run.log("identities"), EXEC)?
        .quiet()
        .read()
        .await
}
