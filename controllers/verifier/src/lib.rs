//! Looks at the Applications of one environment and reports to the forge, by commit statuses, which
//! releases it has seen healthy for long enough: `verified/<environment>/<app>` on the commit that
//! Argo CD has synced (docs/PROMOTION.md).
//!
//! Nothing is kept but at the forge. Each round looks at what is there now and has the forge say
//! so: what it could not be told, it is told in the next round.

mod aws;
mod check;
mod cluster;
mod forge;
mod http;
mod kubernetes;
mod look;
mod patience;
pub mod previews; // wing: previews
mod release;
mod reporter;
mod settings;
pub mod soak;

use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

pub use check::Check;
pub use settings::Settings;

use crate::cluster::Cluster;
use crate::forge::Token;
use crate::kubernetes::Api;
use crate::reporter::Reporter;
use crate::settings::{ForgeSettings, Kind, NO_BRANCH};

/// Looks and reports, round by round. Returns only where the settings are of no use.
pub fn run(settings: &Settings) -> Result<()> {
    // The first pipeline is started after a soak, which is late to say so.
    let starts_ci = settings.forge.kind == Kind::Gitlab;
    ensure!(!starts_ci || settings.forge.branch.is_some(), NO_BRANCH);
    let cluster = Cluster::from_within(settings)?;
    let forge = forge::of(&settings.forge, token(&cluster.api, &settings.forge))?;
    let mut reporters: BTreeMap<String, Reporter> = BTreeMap::new();
    println!(
        "reports what {} has run healthy for {} s, as {}/…, to {}",
        settings.namespace,
        settings.soak.as_secs(),
        settings.reports,
        settings.forge.api
    );
    loop {
        match look::applications(&cluster, settings) {
            Ok(applications) => {
                reporters.retain(|app, _| applications.contains(app));
                for app in applications {
                    let new = || Reporter::of(&app, &settings.reports);
                    let reporter = reporters.entry(app.clone()).or_insert_with(new);
                    if let Err(error) = reporter.round(&cluster, forge.as_ref(), settings, Instant::now()) {
                        println!("{app}: {error:#}");
                    }
                }
            }
            Err(error) => println!("{error:#}"),
        }
        thread::sleep(settings.interval);
    }
}

/// The forge's token, as the cluster has it at that moment.
fn token(api: &Api, settings: &ForgeSettings) -> Token {
    let (api, secret) = (api.clone(), settings.token_secret.clone());
    Box::new(move || {
        let secret = secret.as_deref().context("FORGE_TOKEN_SECRET is not set")?;
        api.secret(secret, "token").context("get the forge's token")
    })
}
