//! Each risk by a small pair of manifests that has it; and pairs that have none.

mod argocd;
mod network;
mod pods;
mod rights;

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::notes;

/// `object: what happens to it`, for each note on going from `old` to `new`.
fn found(old: &str, new: &str) -> Vec<String> {
    let parse = |text| -> Vec<Value> { serde_saphyr::from_multiple(text).unwrap() };
    let notes = notes(&parse(old), &parse(new)).into_iter();
    notes
        .map(|note| {
            assert!(!note.why.is_empty() && !note.what.contains('\n'));
            format!("{}: {}", note.object, note.what)
        })
        .collect()
}

/// The notes on an object of this kind, without its name, for each pair of its other fields. The
/// way back of each, which takes the risk away, has none.
fn risky(kind: &str, cases: &[(&str, &str, &str)]) {
    for (old, new, expected) in cases {
        let object = |fields: &str| format!("{{kind: {kind}, metadata: {{name: a}}, {fields}}}");
        let expected = format!("{kind}/a: {expected}");
        assert_eq!(found(&object(old), &object(new)), [expected], "{old} → {new}");
        assert_eq!(found(&object(new), &object(old)), [""; 0], "{new} → {old}");
    }
}

/// Pairs without a note, either way.
fn harmless(kind: &str, cases: &[(&str, &str)]) {
    for (one, other) in cases {
        let object = |fields: &str| format!("{{kind: {kind}, metadata: {{name: a}}, {fields}}}");
        assert_eq!(found(&object(one), &object(other)), [""; 0], "{one} → {other}");
        assert_eq!(found(&object(other), &object(one)), [""; 0], "{other} → {one}");
    }
}

fn pod(fields: &str) -> String {
    format!("spec: {{template: {{spec: {{{fields}}}}}}}")
}

fn container(fields: &str) -> String {
    pod(&format!("containers: [{{name: c, {fields}}}]"))
}

#[test]
fn the_page_shows_a_note_that_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/DEVELOPING.md")).unwrap();
    let shown = page
        .lines()
        .skip_while(|line| !line.starts_with("| Look twice |"));
    let rows: Vec<_> = shown.skip(2).take_while(|line| line.starts_with('|')).collect();
    let [row] = rows[..] else {
        panic!("the page shows {} rows", rows.len())
    };
    let columns: Vec<_> = row.trim_matches(['|', ' ']).split(" | ").collect();
    let [_, object, what, why] = columns[..] else {
        panic!("{row}")
    };
    let (kind, name) = object.split_once('/').unwrap();
    let (namespace, name) = name.split_once('/').unwrap();
    let limited = |resources| {
        let containers = pod(&format!("containers: [{{name: {name}, resources: {resources}}}]"));
        let text =
            format!("{{kind: {kind}, metadata: {{name: {name}, namespace: {namespace}}}, {containers}}}");
        vec![serde_saphyr::from_str::<Value>(&text).unwrap()]
    };
    let notes = notes(&limited("{limits: {memory: 64Mi}}"), &limited("{}"));
    let found = notes
        .iter()
        .map(|note| [note.object.as_str(), note.what.as_str(), note.why]);
    assert_eq!(found.collect::<Vec<_>>(), [[object, what, why]]);
}
