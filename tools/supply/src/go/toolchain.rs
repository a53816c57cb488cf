//! Which compiler of Go is used: the host's, or the pinned one where the host's is older.

use std::borrow::Cow;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::versions::{Versions, version_in};

/// The value of `GOTOOLCHAIN`. One for all modules, although some could do with the host's: the
/// standard library is compiled once for each.
pub(super) fn of(sh: &Shell, versions: &Versions) -> Result<Cow<'static, str>> {
    let pinned = versions.get(super::TABLE, "toolchain")?;
    let host = cmd!(sh, "go env GOVERSION")
        .env("GOTOOLCHAIN", "local")
        .quiet()
        .read()
        .context("ask Go for its version")?;
    Ok(newer(&host, pinned))
}

fn newer(host: &str, pinned: &str) -> Cow<'static, str> {
    let pin = version_in(pinned);
    if version_in(host).is_some_and(|host| Some(host) >= pin) {
        Cow::Borrowed("local")
    } else {
        Cow::Owned(pinned.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_compiler_of_the_host_gives_way_to_the_pinned_one() {
        for (host, used) in [
            ("go1.26.8", "go1.27.3"),
            ("go1.27.2", "go1.27.3"),
            ("go1.27.3", "local"),
            ("go1.27.10", "local"),
            ("go1.28rc1", "local"),
            ("devel", "go1.27.3"),
        ] {
            assert_eq!(newer(host, "go1.27.3"), used, "{host}");
        }
    }
}
