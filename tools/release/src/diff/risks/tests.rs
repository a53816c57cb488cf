//! Each risk by a small pair of manifests that has it; and pairs that have none.

mod argocd;
mod network;
mod pods;
mod rights;

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
