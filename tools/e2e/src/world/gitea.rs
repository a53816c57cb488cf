//! The forge's settings, and what must exist on it before anything can be pushed.

use std::{fmt::Write as _, io::Read as _, time::Duration};

use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::json;
use xshell::Shell;

use crate::{
    environment::Environment,
    git::forge::{FORGE, ForgeAccess},
    host::{network::Network, process::Tool},
    run::{Harness, StepHandle},
    wait::{Verdict, eventually},
};

/// Where the forge keeps everything: in its container, so that it ends with it.
pub(super) const FOLDER: &str = "/tmp/forge";
pub(super) const SETTINGS: &str = "/etc/gitops-loop/app.ini";
/// Where an image that was built here keeps what its pages load.
pub(super) const PAGES: &str = "/usr/share/gitea/public/assets";
/// The forge refuses to run as root.
pub(super) const USER: &str = "1000:1000";

const ADMINISTRATOR: &str = "operator";
const HEALTHY: Duration = Duration::from_mins(1);
const CALL: Duration = Duration::from_secs(30);

/// Made anew for each run; they live as long as its containers.
pub(super) struct Secrets {
    password: String,
    webhook: String,
    signing: [String; 4],
}

impl Secrets {
    pub(super) fn generate() -> Result<Self> {
        let signing = [secret()?, secret()?, secret()?, secret()?];
        Ok(Self {
            password: secret()?,
            webhook: secret()?,
            signing,
        })
    }

    /// `app.ini`. Read-only in the container, so it must already hold every secret the forge would
    /// otherwise write into it.
    pub(super) fn settings(&self, root_url: &str) -> String {
        let [jwt, internal, key, lfs] = &self.signing;
        let folder = FOLDER;
        let mut ini = String::new();
        let mut section = |name: &str, entries: &[(&str, &str)]| {
            let _ = writeln!(ini, "[{name}]");
            for (key, value) in entries {
                let _ = writeln!(ini, "{key} = {value}");
            }
        };
        section(
            "DEFAULT",
            &[
                ("APP_NAME", "gitops-loop"),
                ("RUN_MODE", "prod"),
                ("WORK_PATH", folder),
            ],
        );
        section(
            "server",
            &[
                ("HTTP_PORT", "3000"),
                // What webhooks carry; Argo CD compares its host and path with the repoURL of the
                // Applications.
                ("ROOT_URL", &format!("{root_url}/")),
                // The API's own addresses follow the Host header, so this machine may use another
                // port.
                ("PUBLIC_URL_DETECTION", "auto"),
                ("OFFLINE_MODE", "true"),
                ("DISABLE_SSH", "true"),
                ("LFS_START_SERVER", "false"),
                ("LFS_JWT_SECRET", lfs),
            ],
        );
        section(
            "database",
            &[
                ("DB_TYPE", "sqlite3"),
                ("PATH", &format!("{folder}/gitea.db")),
                ("SQLITE_JOURNAL_MODE", "WAL"),
            ],
        );
        section(
            "repository",
            &[
                ("ROOT", &format!("{folder}/repositories")),
                ("DEFAULT_BRANCH", Environment::first().branch()),
            ],
        );
        section(
            "security",
            &[
                ("INSTALL_LOCK", "true"),
                ("SECRET_KEY", key),
                ("INTERNAL_TOKEN", internal),
            ],
        );
        section("oauth2", &[("ENABLED", "false"), ("JWT_SECRET", jwt)]);
        section("service", &[("DISABLE_REGISTRATION", "true")]);
        section("packages", &[("ENABLED", "true")]);
        // Receivers are nodes and this machine, all on private addresses.
        section(
            "webhook",
            &[("ALLOWED_HOST_LIST", "*"), ("DELIVER_TIMEOUT", "10")],
        );
        // The default polls with back-off: a webhook would leave seconds after its push.
        section("queue", &[("TYPE", "channel")]);
        section(
            "indexer",
            &[("ISSUE_INDEXER_TYPE", "db"), ("REPO_INDEXER_ENABLED", "false")],
        );
        section("actions", &[("ENABLED", "false")]);
        section("cron", &[("ENABLED", "false")]);
        section("mailer", &[("ENABLED", "false")]);
        section("log", &[("MODE", "console"), ("LEVEL", "info")]);
        ini
    }
}

/// Waits for the forge and makes the administrator, its token and the public organisation.
pub(super) async fn prepare(
    harness: &Harness,
    network: &Network,
    port: u16,
    secrets: Secrets,
    step: &StepHandle,
) -> Result<ForgeAccess> {
    let host_url = format!("http://127.0.0.1:{port}");
    eventually(step, "forge", HEALTHY, async || {
        let answer = harness.http.get(format!("{host_url}/api/healthz")).send().await?;
        Ok(match answer.status() {
            status if status.is_success() => Verdict::Ready(()),
            status => Verdict::Pending(format!("its health check answers {status}")),
        })
    })
    .await?;
    step.doing("forge: make its administrator");
    let shell = Shell::new().context("open a shell")?;
    let exec = [
        "exec",
        "--user",
        USER,
        "--env",
        &format!("GITEA_WORK_DIR={FOLDER}"),
        FORGE,
    ];
    let create = harness.engine.command(&shell, exec).args([
        "gitea",
        "--config",
        SETTINGS,
        "admin",
        "user",
        "create",
        "--admin",
        "--must-change-password=false",
        "--username",
        ADMINISTRATOR,
        "--email",
        "operator@example.com",
    ]);
    // The log of the tool does not tell it.
    let create = create.arg("--password").arg(&secrets.password).secret();
    Tool::new(create, &harness.run.log("world"), CALL)
        .run()
        .await
        .context("make the forge's administrator")?;
    let token: Token = call(
        harness,
        &secrets,
        &format!("{host_url}/api/v1/users/{ADMINISTRATOR}/tokens"),
        &json!({
            "name": "e2e", "scopes": ["all"],
        }),
    )
    .await
    .context("make a token on the forge")?;
    let _: serde_json::Value = call(
        harness,
        &secrets,
        &format!("{host_url}/api/v1/orgs"),
        &json!({
            "username": ForgeAccess::ORGANISATION, "visibility": "public",
        }),
    )
    .await
    .context("make the organisation on the forge")?;
    Ok(ForgeAccess {
        registry: format!("127.0.0.1:{port}"),
        host_url,
        cluster_url: ForgeAccess::cluster_url(),
        host_ip_for_containers: network.gateway.clone(),
        user: ADMINISTRATOR.to_owned(),
        password: secrets.password,
        token: token.sha1,
        argocd_webhook_secret: secrets.webhook,
        signing_keys: secrets.signing.into(),
    })
}

#[derive(Deserialize)]
struct Token {
    sha1: String,
}

async fn call<T: serde::de::DeserializeOwned>(
    harness: &Harness,
    secrets: &Secrets,
    url: &str,
    body: &serde_json::Value,
) -> Result<T> {
    let request = harness
        .http
        .post(url)
        .basic_auth(ADMINISTRATOR, Some(&secrets.password))
        .json(body);
    let answer = request.send().await.with_context(|| format!("call {url}"))?;
    let (status, text) = (
        answer.status(),
        answer
            .text()
            .await
            .with_context(|| format!("read the answer of {url}"))?,
    );
    anyhow::ensure!(status.is_success(), "{url} answers {status}: {text}");
    serde_json::from_str(&text).with_context(|| format!("understand the answer of {url}"))
}

/// 256 random bits in the alphabet the forge asks of its signing keys.
pub(crate) fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    let mut source = std::fs::File::open("/dev/urandom").context("open the kernel's random numbers")?;
    source.read_exact(&mut bytes).context("read random numbers")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_hold_every_secret_once_and_the_address_of_the_clusters() {
        let secrets = Secrets::generate().unwrap();
        let ini = secrets.settings("http://gitops-loop-forge:3000");
        for secret in &secrets.signing {
            assert_eq!(ini.matches(secret.as_str()).count(), 1);
            assert_eq!(secret.len(), 43);
        }
        assert!(!ini.contains(&secrets.password) && !ini.contains(&secrets.webhook));
        assert!(
            ini.contains("\nROOT_URL = http://gitops-loop-forge:3000/\n"),
            "{ini}"
        );
        assert!(ini.contains("[queue]\nTYPE = channel\n"), "{ini}");
    }

    #[test]
    fn no_two_runs_share_a_secret() {
        assert_ne!(secret().unwrap(), secret().unwrap());
    }
}
