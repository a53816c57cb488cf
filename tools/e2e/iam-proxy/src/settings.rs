//! What the program is told.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use hyper::http::uri::Authority;

/// All settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// `LISTEN_ADDR`: where it listens.
    pub(crate) listen: String,
    /// `UPSTREAM`: host and port of the emulator.
    pub(crate) upstream: Authority,
    /// `EKS`: the file with host and port of the emulator of EKS as a text in JSON; it comes later,
    /// and may move.
    pub(crate) eks: PathBuf,
    /// `PROVIDERS`: the folder with one file for each issuer that is trusted.
    pub(crate) providers: PathBuf,
    /// `ACCESS_ENTRIES`: the folder with one file for each cluster that says who roles are there.
    pub(crate) access_entries: PathBuf,
}

impl Settings {
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let needed = |name: &str| variable(name).with_context(|| format!("{name} is not set"));
        let upstream = needed("UPSTREAM")?;
        Ok(Self {
            listen: needed("LISTEN_ADDR")?,
            upstream: upstream
                .parse()
                .with_context(|| format!("UPSTREAM: {upstream} is no host with a port"))?,
            eks: needed("EKS")?.into(),
            providers: needed("PROVIDERS")?.into(),
            access_entries: needed("ACCESS_ENTRIES")?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let read = |upstream: &str| {
            let upstream = upstream.to_owned();
            Settings::read(move |name| match name {
                "LISTEN_ADDR" => Some("0.0.0.0:1".to_owned()),
                "UPSTREAM" => Some(upstream.clone()),
                _ => None,
            })
        };
        for (upstream, named) in [("aws:4566", "EKS"), ("http://aws", "UPSTREAM")] {
            let error = format!("{:#}", read(upstream).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
    }
}
