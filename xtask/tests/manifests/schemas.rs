//! Every field that a cluster is sent is one that its Kubernetes, or Argo CD, knows, and of the
//! right type: by kubeconform.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{PROJECT, first, render};

/// The program, its schemas, and Argo CD's manifests as released.
pub(crate) struct Kubeconform {
    program: PathBuf,
    schemas: PathBuf,
    pub(crate) argocd: PathBuf,
}

/// `None`, with a word to the reader, where there is none.
pub(crate) fn kubeconform() -> Option<Kubeconform> {
    let path = |name| std::env::var_os(name).map(PathBuf::from);
    let found = || {
        Some(Kubeconform {
            program: path("KUBECONFORM")?,
            schemas: path("KUBECONFORM_SCHEMAS")?,
            argocd: path("ARGOCD_MANIFESTS")?,
        })
    };
    if let Some(found) = found() {
        return Some(found);
    }
    let reason = std::env::var("KUBECONFORM_MISSING")
        .unwrap_or_else(|_| "run `cargo xtask test`, which brings it".to_owned());
    // Not by a macro: the test harness would keep that to itself.
    let _ = writeln!(std::io::stdout(), "skipped: kubeconform: {reason}");
    None
}

impl Kubeconform {
    /// What it has against these manifests, one line each, and how many objects it found nothing
    /// wrong with. A kind without a schema is a fault.
    ///
    /// A file each: of a stream longer than its buffer, kubeconform may read over what it is still
    /// judging.
    pub(crate) fn judge<T: AsRef<str>>(&self, manifests: &[T]) -> (Vec<String>, u64) {
        let file = "{{.ResourceKind}}{{.KindSuffix}}.json";
        let location = |folder: &Path| folder.join(file).display().to_string();
        // Kinds of third parties that are not Argo CD's.
        let others = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests/kinds");
        let folder = tempfile::tempdir().expect("make a folder");
        for (number, text) in manifests.iter().enumerate() {
            let path = folder.path().join(format!("{number}.yaml"));
            std::fs::write(path, text.as_ref()).expect("write the manifests for kubeconform");
        }
        let output = Command::new(&self.program)
            .args(["-strict", "-summary", "-output", "json"])
            .args(["-schema-location", &location(&self.schemas)])
            .args(["-schema-location", &location(&others)])
            .arg(folder.path())
            .output()
            .expect("start kubeconform");
        let answer: Value = serde_json::from_slice(&output.stdout).expect("kubeconform answers in JSON");
        let faults = answer["resources"].as_array().expect("a list of what is wrong");
        let faults = faults
            .iter()
            .map(|fault| {
                let of = |key: &str| fault[key].as_str().unwrap_or_default();
                format!("{}/{}: {}", of("kind"), of("name"), of("msg"))
            })
            .collect();
        let summary = &answer["summary"];
        assert_eq!(summary["skipped"], 0, "nothing is left out");
        (faults, summary["valid"].as_u64().expect("a number"))
    }
}

#[test]
fn every_field_is_known_and_of_the_right_type() {
    let Some(kubeconform) = kubeconform() else {
        return;
    };
    let mut sent = render::sent();
    sent.extend(render::argocd(&kubeconform.argocd));
    // All at once: each start of the program reads the schemas anew.
    let (faults, valid) = kubeconform.judge(&sent);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let objects = sent.iter().flat_map(|text| text.lines());
    let objects = objects.filter(|line| line.starts_with("kind: ")).count();
    assert_eq!(valid, objects as u64, "objects found valid");
}

#[test]
fn a_misspelt_field_a_wrong_type_and_an_unknown_kind_are_refused() {
    let Some(kubeconform) = kubeconform() else {
        return;
    };
    let refused = |folder: &str, from: &str, to: &str, complaint: &str| {
        let text = &render::ALL[folder].text;
        let broken = text.replacen(from, to, 1);
        assert_ne!(*text, broken, "{from} is not in {folder}");
        let (faults, _) = kubeconform.judge(&[&broken]);
        let [fault] = &faults[..] else {
            panic!("{to}: one object is wrong, but {faults:#?}")
        };
        assert!(fault.contains(complaint), "{to}: {fault}");
    };
    let folder = |application| format!("infra/{application}/overlays/{}", first());
    let namespace = "kind: Namespace";
    refused(
        &folder("platform"),
        namespace,
        "kind: Namenspace",
        "could not find schema",
    );
    // The generated apps have each kind, whatever this checkout has.
    let mut servers = PROJECT.apps().iter().filter(|app| app.kind().has_service());
    if let Some(server) = servers.next().map(|app| folder(app.name())) {
        refused(&server, "readinessProbe:", "readynessProbe:", "readynessProbe");
        // An overlay may leave the replicas to an autoscaler.
        let (field, place) = ("revisionHistoryLimit: ", "/spec/revisionHistoryLimit");
        refused(&server, field, "revisionHistoryLimit: some", place);
    }
    let apps = &folder("apps");
    refused(apps, "targetRevision:", "targetRevison:", "targetRevison");
    refused(apps, "selfHeal: true", "selfHeal: 3", "selfHeal");
}
