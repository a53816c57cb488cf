//! What the API server and the forge are asked, by servers that keep the requests.

use std::cell::Cell;
use std::fs;

use anyhow::bail;
use clap::Parser as _;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::forge::tests::Stub;
use crate::previews::tables::tests::{ASSUMED, tables};

/// A forge that is away.
struct Away(Cell<u32>);

impl Away {
    fn answer(&self) -> Result<()> {
        self.0.set(self.0.get() + 1);
        bail!("it is away")
    }
}

impl Forge for &'static Away {
    fn told(&self, _: &str, _: &str) -> Result<Option<Word>> {
        self.answer().map(|()| None)
    }

    fn tell(&self, _: &str, _: &str, _: &Word) -> Result<()> {
        self.answer()
    }

    fn unlabel(&self, _: u64, _: &str) -> Result<()> {
        self.answer()
    }
}

/// A keeper of this cluster whose forge is away, and what counts how often that is asked.
fn keeper(cluster: &Stub) -> (Keeper<'static>, &'static Away, TempDir) {
    let (tables, folder) = tables(cluster);
    fs::write(folder.path().join("token"), "of-the-pod").unwrap();
    let walls = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/previews/walls");
    let settings = Settings::parse_from([
        "previews",
        "--most=3",
        "--oldest=3600",
        "--ready=60",
        "--label=preview",
        "--tables=messages-preview-",
        "--page=frontend",
        "--forge=github",
        "--forge-api=http://localhost",
        "--forge-repo=owner/name",
        "--walls",
        walls,
    ]);
    let away: &'static Away = Box::leak(Box::new(Away(Cell::new(0))));
    let settings: &'static Settings = Box::leak(Box::new(settings));
    let keeper = Keeper {
        settings,
        api: Api::at(cluster.address(), folder.path()),
        forge: Box::new(away),
        tables,
        limits: Limits {
            most: settings.most,
            oldest: settings.oldest,
        },
        told: BTreeMap::new(),
        leaving: Leaving::default(),
        patience: BTreeMap::new(),
    };
    (keeper, away, folder)
}

#[test]
fn all_that_walls_a_namespace_in_is_there_before_a_sync() {
    let cluster = Stub::start(|_| (200, "{}".to_owned()));
    let (mut keeper, _, _folder) = keeper(&cluster);
    keeper.act(&Action::Sync(7, "head".to_owned())).unwrap();
    let asked = cluster.asked();
    let paths: Vec<_> = asked
        .iter()
        .map(|one| one.line.split('?').next().unwrap_or_default())
        .collect();
    let (sync, before) = paths.split_last().unwrap();
    assert_eq!(
        *sync,
        "PATCH /apis/argoproj.io/v1alpha1/namespaces/argocd/applications/preview-7"
    );
    assert_eq!(before[0], "PATCH /api/v1/namespaces/preview-7");
    // Another keeper may have to say that it is gone.
    assert!(
        asked[0].body.contains("previews/commit: \"head\""),
        "{}",
        asked[0].body
    );
    for (kind, at) in [("resourcequotas", 1), ("limitranges", 2), ("rolebindings", 3)] {
        assert!(before[at].contains(&format!("/preview-7/{kind}/")), "{before:?}");
    }
}

#[test]
fn where_a_wall_cannot_be_made_nothing_is_synced() {
    let cluster = Stub::start(|asked| {
        let status = if asked.line.contains("resourcequotas") {
            500
        } else {
            200
        };
        (status, "{}".to_owned())
    });
    let (mut keeper, _, _folder) = keeper(&cluster);
    let error = keeper.act(&Action::Sync(7, "head".to_owned())).unwrap_err();
    assert!(format!("{error:#}").contains("resourcequotas"), "{error:#}");
    assert!(
        cluster
            .asked()
            .iter()
            .all(|one| !one.line.contains("applications"))
    );
}

#[test]
fn a_forge_that_gives_no_good_answer_is_not_asked_each_round() {
    let cluster = Stub::start(|_| (404, String::new()));
    let (mut keeper, away, _folder) = keeper(&cluster);
    for round in 0..50 {
        let told = keeper.tell(7, "head", News::Pending("it is made".to_owned()));
        let unlabelled = keeper.act(&Action::Unlabel(8));
        if round == 0 {
            assert!(told.is_err() && unlabelled.is_err());
        }
    }
    assert!(away.0.get() <= 4, "{} times", away.0.get());
    // It is told again later, for it was not told.
    keeper.patience.clear();
    assert!(
        keeper
            .tell(7, "head", News::Pending("it is made".to_owned()))
            .is_err()
    );
}

#[test]
fn one_that_is_closed_is_told_so_by_whichever_process_is_there() {
    let ending = json!({ "items": [{ "metadata": {
        "name": "preview-8", "deletionTimestamp": "2026-01-01T00:00:00Z", "annotations": { "previews/commit": "head-8" },
    }}]});
    let cluster = Stub::start(move |asked| match asked.header("X-Amz-Target") {
        "" if asked.line.contains("/namespaces?") => (200, ending.to_string()),
        "" if asked.line.contains("/applications?") => (200, json!({ "items": [] }).to_string()),
        "" => (200, ASSUMED.to_owned()),
        _ => (200, json!({ "TableNames": [] }).to_string()),
    });
    let (mut keeper, _, _folder) = keeper(&cluster);
    keeper.told.insert(7, Told::of("head-7"));
    // The forge is away, so both stay to be told.
    keeper.round().unwrap();
    assert!(keeper.told.is_empty());
    let due = [(7, "head-7".to_owned()), (8, "head-8".to_owned())];
    assert_eq!(keeper.leaving.due(&BTreeMap::new()), due);
}
