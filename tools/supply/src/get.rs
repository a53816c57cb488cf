//! Gets programs and files that need no container engine, each alone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use taskkit::missing::Missing;

use crate::doctor;
use crate::error::SupplyError;
use crate::needs::Group;
use crate::options::Tools;
use crate::recipe::{FilesRecipe, Output, Recipe, needs};
use crate::recipes::pipelines::{self, GitLabRunner, Linters};
use crate::recipes::{cloud, kubectl, tools};
use crate::versions::Versions;
use crate::work::make;
use crate::workshop::{Session, Workshop};

/// What files work with that lie there; all other needs are of their making.
const WORK_WITH: &[Group] = &[Group::Pipelines];

/// The files of several recipes, by the recipe's name: where each lies, as JSON. What the machine
/// must bring for all that are not there is looked at before the first is made. Where nothing may
/// be installed, what is not there is an error, here and below.
pub fn files(session: Session<'_>, recipes: &[&Recipe]) -> Result<BTreeMap<String, Value>> {
    files_once(session, |groups| doctor::ready(session, groups), recipes)
}

/// The same; `ready` makes the machine ready for groups of needs.
fn files_once(
    session: Session<'_>,
    ready: impl FnOnce(&[Group]) -> Result<()>,
    recipes: &[&Recipe],
) -> Result<BTreeMap<String, Value>> {
    let (mut found, mut lacking) = (BTreeMap::new(), Vec::new());
    for recipe in recipes {
        let Output::Files(files) = recipe.output else {
            bail!("{} is an image; `cargo xtask supply build` makes it", recipe.name);
        };
        if let Ok(there) = at_hand(session, files.make) {
            found.insert(recipe.name.to_owned(), there);
        } else {
            lacking.push((*recipe, files));
        }
    }
    ready(&demanded(recipes, lacking.iter().map(|(recipe, _)| *recipe)))?;
    for (recipe, FilesRecipe { make, always, .. }) in lacking {
        let missing = if always { Missing::Install } else { session.missing };
        let made = get(Session { missing, ..session }, make);
        let made = made.with_context(|| format!("get {}", recipe.makes))?;
        found.insert(recipe.name.to_owned(), made);
    }
    Ok(found)
}

/// What the machine must bring: for those that are not there what makes them, and for all what they
/// work with.
fn demanded<'a>(recipes: &[&Recipe], lacking: impl Iterator<Item = &'a Recipe>) -> Vec<Group> {
    let mut groups = needs(lacking);
    for group in needs(recipes.iter().copied()) {
        if WORK_WITH.contains(&group) && !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

/// act, which runs GitHub's workflows on this machine.
pub fn act(session: Session<'_>) -> Result<PathBuf> {
    get(session, pipelines::build_act)
}

/// What runs GitLab's pipelines on this machine.
pub fn gitlab_runner(session: Session<'_>) -> Result<GitLabRunner> {
    get(session, pipelines::build_gitlab_runner)
}

/// What checks CI files.
pub fn linters(session: Session<'_>) -> Result<Linters> {
    get(session, pipelines::build_linters)
}

/// What the templates of AWS are checked and deployed with: a folder for `PYTHONPATH`, with the
/// programs in its `bin`.
pub fn cloud(session: Session<'_>) -> Result<PathBuf> {
    get(session, cloud::build_cloud)
}

/// The programs of the host that clusters need.
pub(crate) fn build_tools(shop: Workshop<'_>) -> Result<Tools> {
    Ok(Tools {
        kind: make(shop, "kind", tools::build_kind)?,
        kubectl: make(shop, "kubectl", kubectl::build)?,
        kustomize: make(shop, "kustomize", tools::build_kustomize)?,
    })
}

/// Work that needs no engine. A run beside this one is in the way only if something must be built.
fn get<T>(session: Session<'_>, work: impl Fn(Workshop<'_>) -> Result<T>) -> Result<T> {
    let found = at_hand(session, &work);
    if found.is_ok() || session.missing == Missing::Name {
        return found;
    }
    let versions = Versions::load()?;
    let _lock = match session.cache.lock() {
        Err(error) if !is_ours(&error) => return Err(error),
        lock => lock.ok(),
    };
    let built = work(Workshop::without_engine(session, &versions));
    session.cache.drop_scratch_after(&built)?;
    built
}

/// What an earlier run left, or an error that says what is not there.
fn at_hand<T>(session: Session<'_>, work: impl Fn(Workshop<'_>) -> Result<T>) -> Result<T> {
    let versions = Versions::load()?;
    work(Workshop {
        look_only: true,
        ..Workshop::without_engine(session, &versions)
    })
}

/// The caller may hold the lock itself.
fn is_ours(error: &anyhow::Error) -> bool {
    let own = std::process::id().to_string();
    matches!(error.downcast_ref(), Some(SupplyError::Locked { holder, .. }) if *holder == own)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fs;

    use anyhow::ensure;

    use super::*;
    use crate::cache::Cache;
    use crate::recipes::named;
    use crate::workshop::Progress;

    struct Silent;

    impl Progress for Silent {
        fn doing(&self, _: &str) {}
    }

    #[test]
    fn what_is_kept_needs_nothing_that_would_make_it() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache")).unwrap();
        let version = Versions::load().unwrap();
        let version = version.get("browser", "axe-core").unwrap();
        let kept = cache.files().join(format!("axe-core-{version}/package"));
        fs::create_dir_all(&kept).unwrap();
        let script = kept.join("axe.min.js");
        fs::write(&script, "").unwrap();
        let asked = RefCell::new(Vec::new());
        // Nothing is made here.
        let session = Session {
            cache: &cache,
            missing: Missing::Name,
            progress: &Silent,
            logs: folder.path(),
        };
        let get = |names: &[&str]| {
            let recipes: Vec<_> = names.iter().map(|name| named(name).unwrap()).collect();
            let ready = |groups: &[Group]| {
                asked.borrow_mut().push(groups.to_vec());
                ensure!(groups.is_empty(), "it is missing");
                Ok(())
            };
            files_once(session, ready, &recipes)
        };
        let found = get(&["axe-core"]).unwrap();
        assert_eq!(found["axe-core"], script.to_str().unwrap());
        get(&["axe-core", "act"]).unwrap_err();
        get(&["argocd-manifests"]).unwrap_err();
        let expected = [vec![], vec![Group::Tools], vec![Group::Tools]];
        assert_eq!(asked.into_inner(), expected);
    }

    #[test]
    fn what_a_kept_program_works_with_is_needed_all_the_same() {
        let (runner, act) = (named("gitlab-ci-local").unwrap(), named("act").unwrap());
        let both = [runner, act];
        assert_eq!(demanded(&both, [].into_iter()), [Group::Pipelines]);
        assert_eq!(
            demanded(&both, [act].into_iter()),
            [Group::Tools, Group::Pipelines]
        );
        assert_eq!(
            demanded(&both, [runner].into_iter()),
            [Group::Python, Group::Pipelines]
        );
    }
}
