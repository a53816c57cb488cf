//! `RELEASE_APPS`: which of the apps a run of CI builds and pushes.

use anyhow::{Result, anyhow, ensure};

use super::read::optional;
use crate::environment::{apps, project};

/// `RELEASE_APPS`: the apps that this run builds and pushes, of runs that share a release; `None`:
/// every app. With `!` before each name, every app but those, also one that is added later.
pub(crate) fn release_apps() -> Result<Option<Vec<&'static str>>> {
    optional("RELEASE_APPS")?.as_deref().map(app_names).transpose()
}

pub(in crate::ci) fn app_names(text: &str) -> Result<Vec<&'static str>> {
    let named = |name: &str| {
        let app = project().app(name.trim());
        app.map(project::App::name)
            .map_err(|error| anyhow!("RELEASE_APPS={text}: {error}"))
    };
    let words: Vec<_> = text.split(',').map(str::trim).collect();
    let others: Vec<_> = words.iter().filter_map(|word| word.strip_prefix('!')).collect();
    if others.is_empty() {
        return words.into_iter().map(named).collect();
    }
    ensure!(
        others.len() == words.len(),
        "RELEASE_APPS={text}: either all names have a `!` or none has"
    );
    let others = others.into_iter().map(named).collect::<Result<Vec<_>>>()?;
    let all = apps().iter().map(project::App::name);
    Ok(all.filter(|name| !others.contains(name)).collect())
}
