//! Gets one part's image: pulled where a registry answers, built where none does.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::engine::Kind;
use crate::error::SupplyError;
use crate::options::{Mode, Options};
use crate::part::{Held, Part};
use crate::workshop::{Workshop, minutes};

/// A registry that takes longer to name an image's manifest counts as one that does not answer.
const ANSWER: Duration = Duration::from_secs(20);

/// What is to be done for a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// The engine has it.
    Keep,
    /// From a registry.
    Pull,
    /// By the recipe.
    Build,
}

/// Registries that did not answer in this run; each is asked once. And what else they refused.
#[derive(Debug, Default)]
pub(crate) struct Registries {
    silent: Mutex<BTreeSet<String>>,
    refusals: Mutex<Vec<String>>,
}

impl Registries {
    /// Why images were not to be had, if that was so.
    pub(crate) fn refusals(&self) -> Option<String> {
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        (!refusals.is_empty()).then(|| refusals.join(", "))
    }

    fn refused(&self, why: String) {
        self.refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(why);
    }

    fn is_silent(&self, host: &str) -> bool {
        self.silent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(host)
    }

    fn silence(&self, host: &str) {
        self.silent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(host.to_owned());
    }
}

/// Decides what to do for a part.
pub(crate) fn plan(
    shop: Workshop<'_>,
    part: &Part,
    options: &Options,
    registries: &Registries,
) -> Result<Plan> {
    let held = part.held(shop)?;
    Ok(match (options.mode, held) {
        (Mode::Build, Held::Built) | (Mode::Auto | Mode::Pull, Held::Built | Held::Upstream) => Plan::Keep,
        (Mode::Pull, _) => Plan::Pull,
        (Mode::Auto, _) if answers(shop, part, options, registries)? => Plan::Pull,
        (Mode::Auto | Mode::Build, _) => Plan::Build,
    })
}

/// Whether a registry has the image.
fn answers(shop: Workshop<'_>, part: &Part, options: &Options, registries: &Registries) -> Result<bool> {
    let image = part.image(shop.versions)?;
    let (source, insecure) = source(image, options.mirror.as_deref());
    let host = source.split('/').next().unwrap_or_default();
    if registries.is_silent(host) {
        return Ok(false);
    }
    shop.progress.doing(&format!("ask {host} for {image}"));
    let sh = Shell::new().context("open a shell")?;
    let engine = shop.engine()?;
    let mut ask = engine.command(&sh, ["manifest", "inspect"]);
    if insecure {
        ask = ask.arg(if engine.kind() == Kind::Docker {
            "--insecure"
        } else {
            "--tls-verify=false"
        });
    }
    match shop.read("pull", ANSWER, ask.arg(&source)) {
        Ok(_) => Ok(true),
        Err(error) => match error.downcast_ref() {
            Some(failed @ (SupplyError::Command { .. } | SupplyError::Deadline { .. })) => {
                if is_unreachable(failed) {
                    registries.silence(host);
                }
                let why = failed.in_short();
                shop.progress.doing(&why);
                registries.refused(why);
                Ok(false)
            }
            _ => Err(error),
        },
    }
}

/// What engines print when they did not get as far as the registry's answer.
const UNREACHABLE: [&str; 9] = [
    "dial tcp",
    "no such host",
    "connection refused",
    "connection reset",
    "network is unreachable",
    "timeout",
    "pinging container registry",
    "tls: ",
    "x509: ",
];

/// Whether nobody answered. An image that a registry does not have, or does not give to everybody,
/// says nothing of its other images.
fn is_unreachable(failed: &SupplyError) -> bool {
    match failed {
        SupplyError::Command { tail, .. } => UNREACHABLE.iter().any(|sign| tail.contains(sign)),
        _ => true,
    }
}

/// Pulls the image and gives it its upstream name.
pub(crate) fn pull(shop: Workshop<'_>, part: &Part, options: &Options) -> Result<()> {
    let image = part.image(shop.versions)?;
    let (source, insecure) = source(image, options.mirror.as_deref());
    let sh = Shell::new().context("open a shell")?;
    let engine = shop.engine()?;
    shop.progress.doing(&format!("pull {source}"));
    let mut pull = engine.command(&sh, ["pull"]);
    if insecure && engine.kind() == Kind::Podman {
        pull = pull.arg("--tls-verify=false");
    }
    if let Err(error) = shop.run("pull", minutes(20), pull.arg(&source)) {
        return Err(match error.downcast_ref() {
            Some(failed @ SupplyError::Command { .. }) => {
                let cause = failed.in_short();
                SupplyError::NotPulled { image: source, cause }.into()
            }
            _ => error,
        });
    }
    if source != image {
        shop.run("pull", minutes(1), engine.command(&sh, ["tag", &source, image]))?;
        shop.run("pull", minutes(1), engine.command(&sh, ["image", "rm", &source]))?;
    }
    Ok(())
}

/// Where an image is pulled from, and whether that is a registry of this machine, which has no
/// certificate.
pub(crate) fn source(image: &str, mirror: Option<&str>) -> (String, bool) {
    let Some(mirror) = mirror else {
        return (image.to_owned(), false);
    };
    let path = image.split_once('/').map_or(image, |(_, path)| path);
    let host = mirror.rsplit_once(':').map_or(mirror, |(host, _)| host);
    (
        format!("{mirror}/{path}"),
        matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_takes_the_place_of_the_registry_only() {
        let name = "quay.io/argoproj/argocd:v1";
        assert_eq!(source(name, None), (name.to_owned(), false));
        assert_eq!(
            source(name, Some("127.0.0.1:5000")),
            ("127.0.0.1:5000/argoproj/argocd:v1".to_owned(), true)
        );
        assert_eq!(
            source(name, Some("mirror.example:443")),
            ("mirror.example:443/argoproj/argocd:v1".to_owned(), false)
        );
    }

    #[test]
    fn a_silent_registry_is_asked_once() {
        let registries = Registries::default();
        assert!(!registries.is_silent("a.example"));
        registries.silence("a.example");
        assert!(registries.is_silent("a.example") && !registries.is_silent("b.example"));
    }

    #[test]
    fn what_registries_refused_is_known_to_who_builds_instead() {
        let registries = Registries::default();
        assert_eq!(registries.refusals(), None);
        for why in ["one", "other"] {
            registries.refused(why.to_owned());
        }
        assert_eq!(registries.refusals().as_deref(), Some("one, other"));
    }

    #[test]
    fn only_a_registry_that_nobody_reaches_is_silent() {
        let failed = |tail: &str| SupplyError::Command {
            command: "podman manifest inspect".to_owned(),
            status: "exit status: 125".to_owned(),
            log: "pull.log".into(),
            tail: tail.to_owned(),
        };
        for answer in [
            "Error: reading manifest v9 in quay.io/a/b: manifest unknown",
            "no such manifest: docker.io/a/b:v9",
            "errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required",
            "toomanyrequests: You have reached your unauthenticated pull rate limit.",
        ] {
            assert!(!is_unreachable(&failed(answer)), "{answer}");
        }
        for silence in [
            "pinging container registry quay.io: Get \"https://quay.io/v2/\": dial tcp: lookup quay.io: no such host",
            "Get \"https://quay.io/v2/\": net/http: TLS handshake timeout",
            "Get \"https://quay.io/v2/\": x509: certificate signed by unknown authority",
        ] {
            assert!(is_unreachable(&failed(silence)), "{silence}");
        }
    }
}
