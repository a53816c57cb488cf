//! The Applications: what Argo CD reads, in which order, and that a failure is not repeated.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use project::Kind; // wing: sample
use serde_json::{Value, json};

use crate::object::{Object, find, ids, of_kind};
use crate::render::{ALL, ROOT, apps, file, local_apps, parse};
use crate::{PROJECT, app_names, applications, environments, namespace, plain};

const LOCAL_REPOSITORY: &str = "http://gitops-loop-forge:3000/gitops-loop/gitops-loop.git";

/// One cluster: what a person applies to it, and what that creates.
pub(crate) struct Cluster {
    pub(crate) environment: &'static str,
    by_hand: Vec<Object>,
    pub(crate) apps: &'static [Object],
    pub(crate) local: bool,
}

pub(crate) fn clusters() -> Vec<Cluster> {
    let of = |environment| {
        let aws = Cluster {
            environment,
            by_hand: file(&format!("infra/apps/root/{environment}.yaml")),
            apps: apps(environment),
            local: false,
        };
        let local = Cluster {
            environment,
            by_hand: file(&format!("infra/local/root/{environment}.yaml")),
            apps: local_apps(environment),
            local: true,
        };
        [aws, local]
    };
    environments().flat_map(of).collect()
}

impl Cluster {
    /// The root and its children.
    pub(crate) fn applications(&self) -> Vec<&Object> {
        let mut all = of_kind(self.apps, "Application");
        all.push(self.root());
        all
    }

    pub(crate) fn root(&self) -> &Object {
        find(&self.by_hand, "Application", "root")
    }

    pub(crate) fn roots_project(&self) -> &Object {
        find(&self.by_hand, "AppProject", "root")
    }

    /// What the root creates where no line brings an add-on.
    pub(crate) fn plain(&self) -> &'static [Object] {
        if self.local {
            plain::local_apps(self.environment)
        } else {
            plain::apps(self.environment)
        }
    }

    /// That of the Applications that the root creates.
    pub(crate) fn project(&self) -> &Object {
        find(self.apps, "AppProject", namespace())
    }
}

#[test]
fn a_cluster_gets_one_project_and_one_application_for_each_folder() {
    for cluster in clusters() {
        let applications = applications().map(|name| format!("Application/{name}"));
        let projects = [namespace(), "default"].map(|name| format!("AppProject/{name}"));
        let expected: BTreeSet<_> = applications.chain(projects).collect();
        assert_eq!(ids(cluster.plain()), expected);
        let by_hand = ["Application/root", "AppProject/root"].map(str::to_owned);
        assert_eq!(ids(&cluster.by_hand), by_hand.into());
    }
}

#[test]
fn one_repository_is_read_everywhere() {
    let mut addresses = [BTreeSet::new(), BTreeSet::new()];
    let branch = format!("refs/heads/{}", PROJECT.first().branch());
    for cluster in clusters() {
        let seen = &mut addresses[usize::from(cluster.local)];
        for application in cluster.applications() {
            seen.insert(application.text("/spec/source/repoURL").to_owned());
            assert_eq!(application.text("/spec/source/targetRevision"), branch);
        }
        for project in [cluster.project(), cluster.roots_project()] {
            let allowed = project.list("/spec/sourceRepos").iter();
            seen.extend(allowed.filter_map(Value::as_str).map(str::to_owned));
        }
    }
    let [aws, local] = addresses;
    assert_eq!(local, [LOCAL_REPOSITORY.to_owned()].into());
    assert_eq!(aws.len(), 1, "{aws:?}");
    assert!(
        aws.iter().all(|address| address.starts_with("https://")),
        "{aws:?}"
    );
}

#[test]
fn every_application_reads_its_folder_of_its_environment() {
    for cluster in clusters() {
        for name in applications() {
            let path = format!("infra/{name}/overlays/{}", cluster.environment);
            assert_eq!(
                find(cluster.apps, "Application", name).text("/spec/source/path"),
                path
            );
            assert!(ALL.contains_key(&path), "{path} is no kustomization");
        }
        let path = cluster.root().text("/spec/source/path");
        assert!(path.ends_with(cluster.environment), "{path}");
        assert_eq!(
            ids(&ALL[path].objects),
            ids(cluster.apps),
            "the root reads what creates these Applications"
        );
    }
}

#[test]
fn a_change_of_any_file_an_application_reads_makes_argo_cd_look() {
    for cluster in clusters() {
        for application in cluster.applications() {
            let source = PathBuf::from(application.text("/spec/source/path"));
            let watched = watched(&source, application);
            let mut read = BTreeSet::from([source.clone()]);
            folders_read(&source, &mut read);
            for component in application.list("/spec/source/kustomize/components") {
                let folder = clean(&source.join(component.as_str().expect("a path")));
                assert!(ROOT.join(&folder).is_dir(), "{} does not exist", folder.display());
                read.insert(folder);
            }
            for folder in read {
                let seen = watched.iter().any(|path| folder.starts_with(path));
                assert!(
                    seen,
                    "{} does not look when {} changes",
                    application.name(),
                    folder.display()
                );
            }
        }
    }
}

/// The folders that an Application, or the template of some, watches where it reads this one.
pub(crate) fn watched(source: &Path, application: &Object) -> Vec<PathBuf> {
    let paths = application.annotation("argocd.argoproj.io/manifest-generate-paths");
    let folder = |path: &str| {
        path.strip_prefix('/')
            .map_or_else(|| clean(&source.join(path)), PathBuf::from)
    };
    paths.split(';').map(folder).collect()
}

/// The folders beside an application's overlays, which these may take, that are not watched.
pub(crate) fn unwatched(name: &str, application: &Object) -> Vec<PathBuf> {
    let own = Path::new("infra").join(name);
    let watched = watched(&own.join("overlays/environment"), application);
    let entries = std::fs::read_dir(ROOT.join(&own)).expect("list an application's folder");
    let folders = entries.map(|entry| own.join(entry.expect("an entry").file_name()));
    let taken = folders.filter(|folder| !folder.ends_with("overlays") && ROOT.join(folder).is_dir());
    let is_watched = |folder: &PathBuf| watched.iter().any(|path| folder.starts_with(path));
    taken.filter(|folder| !is_watched(folder)).collect()
}

#[test]
fn a_component_beside_the_overlays_is_watched_before_one_of_them_takes_it() {
    for cluster in clusters() {
        for name in applications() {
            let unwatched = unwatched(name, find(cluster.apps, "Application", name));
            assert!(unwatched.is_empty(), "{name} does not look at {unwatched:?}");
        }
    }
}

/// Every folder that a kustomization refers to, directly or not.
fn folders_read(folder: &Path, read: &mut BTreeSet<PathBuf>) {
    let path = ROOT.join(folder).join("kustomization.yaml");
    let text =
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    let kustomization = parse(&text, &path.display().to_string()).remove(0);
    let references = ["/resources", "/components"]
        .map(|list| kustomization.list(list))
        .concat();
    for reference in references.iter().filter_map(Value::as_str) {
        let target = clean(&folder.join(reference));
        if ROOT.join(&target).is_dir() && read.insert(target.clone()) {
            folders_read(&target, read);
        }
    }
}

/// The path without `.` and `..`.
fn clean(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut cleaned, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => assert!(cleaned.pop(), "{} leaves the repository", path.display()),
            part => cleaned.push(part),
        }
        cleaned
    })
}

#[test]
fn a_failed_sync_is_not_tried_again_and_drift_is_healed() {
    for cluster in clusters() {
        for application in cluster.applications() {
            let expected = json!({
                "automated": {"prune": true, "selfHeal": true},
                "retry": {"backoff": {"duration": "5s"}},
                "syncOptions": ["ServerSideApply=true"],
            });
            assert_eq!(
                *application.at("/spec/syncPolicy"),
                expected,
                "{}",
                application.id()
            );
        }
    }
}

/// That of the root fails where an app is Degraded, and Argo CD does not start it again.
#[test]
fn pages_have_a_person_start_a_failed_sync_with_the_options_of_the_application() {
    for page in ["docs/adr/0005-no-sync-retries.md", "docs/APPS.md"] {
        let text = std::fs::read_to_string(ROOT.join(page)).expect("read the page");
        let commands = text.split("kubectl -n argocd patch application ").skip(1);
        let changes = commands.filter_map(|rest| rest.split('\'').nth(1));
        let changes: Vec<Value> = changes
            .map(|change| serde_json::from_str(change).expect("a change is JSON"))
            .collect();
        assert!(!changes.is_empty(), "{page}");
        for root in clusters().iter().map(Cluster::root) {
            let options = root.at("/spec/syncPolicy/syncOptions");
            for change in &changes {
                assert_eq!(change["operation"]["sync"]["syncOptions"], *options, "{page}");
            }
        }
    }
}

#[test]
fn the_project_comes_first_then_the_platform_then_the_apps_in_their_order() {
    for cluster in clusters() {
        let wave = |object: &Object| -> i32 {
            let wave = object.annotation("argocd.argoproj.io/sync-wave");
            wave.parse()
                .unwrap_or_else(|_| panic!("{} is in wave {wave:?}", object.id()))
        };
        let of = |name: &str| wave(find(cluster.apps, "Application", name));
        assert_eq!((wave(cluster.project()), of("platform")), (-1, 0));
        let waves: Vec<_> = app_names().map(of).collect();
        assert!(waves[0] > 0 && waves.is_sorted(), "{waves:?}");
        // wing: sample
        let last = |kind| {
            let apps = PROJECT.apps().iter().filter(move |app| app.kind() == kind);
            apps.map(|app| of(app.name()))
        };
        // The first page has nothing to show before what it asks is there.
        assert!(last(Kind::Api).min() < last(Kind::Web).min());
        // end of wing
    }
}

#[test]
fn an_application_removed_from_git_takes_its_objects_along_but_the_root_does_not() {
    for cluster in clusters() {
        for application in of_kind(cluster.apps, "Application") {
            assert_eq!(
                *application.at("/metadata/finalizers"),
                json!(["resources-finalizer.argocd.argoproj.io/foreground"])
            );
        }
        assert_eq!(*cluster.root().at("/metadata/finalizers"), Value::Null);
    }
}
