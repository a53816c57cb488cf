//! What the words of Git and of a remote behind it mean, and what to do about it.

use thiserror::Error;

/// Why a remote did not do what was asked, and what to do about it.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// Somebody else was faster: look again.
    #[error("the branch was moved meanwhile: {0}")]
    Moved(String),
    #[error(
        "{0} has a branch that is in the way: Git keeps no branch beside one whose name is its folder, such as `release` beside \
         `release/…`; rename or delete that one, and run the verb again: {1}"
    )]
    InTheWay(String, String),
    #[error(
        "{0} does not know these credentials or they are expired; renew FORGE_TOKEN (SOURCE_TOKEN for an `origin` on another host \
         than INFRA_REMOTE), or what `git` uses for this address, and run the verb again: {1}"
    )]
    Credentials(String, String),
    #[error(
        "{0} refuses to change the branch; let the owner of FORGE_TOKEN push branches `release/*` (branch protection, hooks), and run \
         the verb again: {1}"
    )]
    Refused(String, String),
    #[error(
        "{0} shows a certificate that is not trusted: add its authority to the system's, or name a file with it by SSL_CERT_FILE \
         (docs/CI.md, \"A certificate authority of your own\"): {1}"
    )]
    Certificate(String, String),
    #[error("{0} limits how often it is asked; run the verb again in some minutes: {1}")]
    Limited(String, String),
    #[error("{0} cannot be reached; run the verb again when it answers: {1}")]
    Unreachable(String, String),
    #[error(
        "{0} takes no push options, by which FORGE=gitlab asks for a merge request; on a GitLab of one's own, see \
         `receive.advertisePushOptions`: {1}"
    )]
    NoPushOptions(String, String),
    #[error(
        "there is no repository at {0}, or it is hidden from these credentials; check the address (`git remote get-url origin`, \
         INFRA_REMOTE) and what FORGE_TOKEN may read, or SOURCE_TOKEN of an `origin` on another host: {1}"
    )]
    Missing(String, String),
    #[error("git and {0}: {1}")]
    Other(String, String),
}

impl Error {
    /// Reads the words of git and of the remote behind it.
    pub(super) fn of(address: &str, said: &str) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let (address, text) = (address.to_owned(), one_line(said));
        if has(&["exists; cannot create", "directory file conflict"]) {
            Self::InTheWay(address, text)
        } else if has(&[
            "stale info",
            "cannot lock ref",
            "reference already exists",
            "fetch first",
        ]) {
            Self::Moved(text)
        } else if has(&["does not support push options", "not support push options"]) {
            Self::NoPushOptions(address, text)
        } else if has(&["hook declined", "protected branch", "GH006", "[remote rejected]"]) {
            Self::Refused(address, text)
        } else if has(&[
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "Access denied",
            "Permission denied",
            "error: 401",
            "error: 403",
        ]) {
            Self::Credentials(address, text)
        } else if has(&["certificate verif", "certificate problem"]) {
            Self::Certificate(address, text)
        } else if has(&["error: 429", "Too Many Requests"]) {
            Self::Limited(address, text)
        } else if has(&[
            "unable to access",
            "Could not resolve",
            "Connection refused",
            "Connection timed out",
            "error: 5",
        ]) {
            Self::Unreachable(address, text)
        } else if has(&[
            "not found",
            "does not appear to be a git repository",
            "error: 404",
        ]) {
            Self::Missing(address, text)
        } else {
            Self::Other(address, text)
        }
    }
}

fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}
