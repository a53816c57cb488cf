//! What manifests and commits are checked with: kubeconform, the schemas it reads, and gitleaks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use serde_json::{Map, Value, json};
use xshell::{Shell, cmd};

use crate::go::GoModule;
use crate::key::{Key, code};
use crate::python::PythonPackages;
use crate::recipe::{FilesRecipe, to_json};
use crate::recipes::argocd;
use crate::versions::Versions;
use crate::workshop::{Workshop, minutes};

/// The program that holds manifests against schemas, and the schemas.
#[derive(Debug, Clone, Serialize)]
pub struct Kubeconform {
    /// The program.
    pub program: PathBuf,
    /// One file for each kind, named as in `deployment-apps-v1.json`: Kubernetes' own and those of
    /// Argo CD.
    pub schemas: PathBuf,
    /// Argo CD's manifests as released.
    pub argocd: PathBuf,
}

pub(crate) const KUBECONFORM: FilesRecipe = FilesRecipe {
    make: |shop| to_json(build_kubeconform(shop)?),
    folders: |shop| {
        Ok(vec![
            kubeconform(shop.versions)?.folder(shop),
            schemas_folder(shop)?,
            kubernetes_validate(shop.versions)?.folder(shop),
        ])
    },
    always: false,
};

/// Looks for secrets in files and in the history.
pub(crate) const GITLEAKS: FilesRecipe = FilesRecipe {
    make: |shop| to_json(gitleaks(shop.versions)?.build(shop)?.join("gitleaks")),
    folders: |shop| Ok(vec![gitleaks(shop.versions)?.folder(shop)]),
    always: false,
};

const DEFINITIONS: &str = "_definitions.json";

fn kubeconform(versions: &Versions) -> Result<GoModule<'_>> {
    Ok(GoModule {
        module: "github.com/yannh/kubeconform",
        version: versions.get("checks", "kubeconform")?,
        binaries: &[("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform")],
        ..GoModule::default()
    })
}

fn gitleaks(versions: &Versions) -> Result<GoModule<'_>> {
    Ok(GoModule {
        module: "github.com/zricethezav/gitleaks/v8",
        version: versions.get("checks", "gitleaks")?,
        binaries: &[("gitleaks", "github.com/zricethezav/gitleaks/v8")],
        ..GoModule::default()
    })
}

pub(crate) fn build_kubeconform(shop: Workshop<'_>) -> Result<Kubeconform> {
    Ok(Kubeconform {
        program: kubeconform(shop.versions)?.build(shop)?.join("kubeconform"),
        schemas: schemas(shop)?,
        argocd: argocd::manifests(shop)?.join("install.yaml"),
    })
}

fn kubernetes_validate(versions: &Versions) -> Result<PythonPackages> {
    let version = versions.get("checks", "kubernetes-validate")?;
    Ok(PythonPackages {
        name: "kubernetes-validate",
        packages: vec![format!("kubernetes-validate=={version}")],
    })
}

fn schemas_folder(shop: Workshop<'_>) -> Result<PathBuf> {
    let kubernetes = shop.versions.get("node", "kubernetes")?;
    let package = kubernetes_validate(shop.versions)?.packages.concat();
    let argocd = shop.versions.canonical("argocd");
    let recipe = code(include_str!("checks.rs"));
    let inputs = [kubernetes, &package, &argocd, &recipe];
    let key = Key::of(inputs.map(str::as_bytes));
    Ok(shop.cache.files().join(format!("schemas-{key}")))
}

/// Made once for each pair of versions: those of the nodes' Kubernetes (by its minor version) and
/// of the installed Argo CD.
fn schemas(shop: Workshop<'_>) -> Result<PathBuf> {
    let kubernetes = shop.versions.get("node", "kubernetes")?;
    let folder = schemas_folder(shop)?;
    if folder.is_dir() {
        return Ok(folder);
    }
    ensure!(!shop.look_only, "the schemas of Kubernetes are not here yet");
    let python = kubernetes_validate(shop.versions)?.install(shop)?;
    let install = argocd::manifests(shop)?.join("install.yaml");
    shop.progress.doing("make the schemas of Kubernetes and Argo CD");
    let fresh = shop.scratch("schemas")?;
    let (minor, _) = kubernetes
        .rsplit_once('.')
        .context("a version of Kubernetes has three numbers")?;
    let core = python.join(format!(
        "kubernetes_validate/kubernetes-json-schema/{minor}.0-local-strict"
    ));
    copy_core(&core, &fresh)?;
    let sh = Shell::new().context("open a shell")?;
    sh.set_var("PYTHONPATH", &python);
    // The package brings a reader of YAML, which this crate does without.
    let script = "import json, sys, yaml
load = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
objects = yaml.load_all(open(sys.argv[1]), load)
print(json.dumps([each for each in objects if each and each['kind'] == 'CustomResourceDefinition']))";
    let text = shop.read(
        "schemas",
        minutes(1),
        cmd!(sh, "python3 -c {script} {install}").quiet(),
    )?;
    let definitions: Vec<Value> =
        serde_json::from_str(&text).context("read Argo CD's resource definitions")?;
    ensure!(!definitions.is_empty(), "Argo CD defines no resource");
    for definition in &definitions {
        for (name, schema) in of_definition(definition)? {
            let path = fresh.join(&name);
            fs::write(&path, schema.to_string()).with_context(|| format!("write {name}"))?;
        }
    }
    fs::create_dir_all(shop.cache.files()).context("make the folder of kept files")?;
    fs::rename(&fresh, &folder).with_context(|| format!("keep the schemas in {}", folder.display()))?;
    Ok(folder)
}

/// Copies the schemas so that they refer to each other by file: as published, they do so by an
/// address.
fn copy_core(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("list {}", from.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("list {}", from.display()))?.path();
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let mut schema: Value =
            serde_json::from_str(&text).with_context(|| format!("read {}", path.display()))?;
        refer_by_file(&mut schema);
        let target = to.join(path.file_name().context("a schema has a name")?);
        fs::write(&target, schema.to_string()).with_context(|| format!("write {}", target.display()))?;
    }
    ensure!(
        to.join(DEFINITIONS).is_file(),
        "{} has no {DEFINITIONS}",
        from.display()
    );
    Ok(())
}

fn refer_by_file(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("$id").is_some_and(Value::is_string) {
                fields.remove("$id");
            }
            if let Some(Value::String(target)) = fields.get_mut("$ref")
                && let Some((_, place)) = target.split_once("_definitions.json#")
            {
                *target = format!("{DEFINITIONS}#{place}");
            }
            fields.values_mut().for_each(refer_by_file);
        }
        Value::Array(elements) => elements.iter_mut().for_each(refer_by_file),
        _ => {}
    }
}

/// The file name and the schema of each version that a resource definition has.
fn of_definition(definition: &Value) -> Result<Vec<(String, Value)>> {
    let text = |pointer: &str| {
        definition
            .pointer(pointer)
            .and_then(Value::as_str)
            .with_context(|| format!("a resource definition has no {pointer}"))
    };
    let kind = text("/spec/names/kind")?.to_lowercase();
    let group = text("/spec/group")?;
    let group = group.split('.').next().unwrap_or(group);
    let versions = definition["spec"]["versions"]
        .as_array()
        .context("a resource definition has versions")?;
    versions
        .iter()
        .map(|version| {
            let name = version["name"].as_str().context("a version has a name")?;
            let mut schema = version["schema"]["openAPIV3Schema"].clone();
            ensure!(schema.is_object(), "{kind} {name} has no schema");
            close(&mut schema);
            Ok((format!("{kind}-{group}-{name}.json"), schema))
        })
        .collect()
}

/// Refuses fields that a schema does not list, as the server does, and says in JSON Schema's words
/// what only `OpenAPI` knows.
fn close(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    let marked = |fields: &Map<String, Value>, mark: &str| fields.get(mark) == Some(&json!(true));
    if marked(fields, "x-kubernetes-int-or-string") {
        fields.remove("type");
        fields.insert("type".to_owned(), json!(["integer", "string"]));
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().for_each(close);
        if !marked(fields, "x-kubernetes-preserve-unknown-fields")
            && !fields.contains_key("additionalProperties")
        {
            fields.insert("additionalProperties".to_owned(), json!(false));
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get_mut(key) {
            close(inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_stay_inside_the_folder() {
        let mut schema =
            json!({"$id": "x", "properties": {"$id": {"$ref": "/api/_definitions.json#/$defs/A"}}});
        refer_by_file(&mut schema);
        assert_eq!(
            schema,
            json!({"properties": {"$id": {"$ref": "_definitions.json#/$defs/A"}}})
        );
    }

    #[test]
    fn a_definition_gives_a_schema_that_refuses_what_it_does_not_list() {
        let port = json!({"x-kubernetes-int-or-string": true, "anyOf": []});
        let open = json!({"type": "object", "properties": {}, "x-kubernetes-preserve-unknown-fields": true});
        let schema = json!({"type": "object", "properties": {
            "ports": {"type": "array", "items": {"type": "object", "properties": {"port": port}}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "open": open,
        }});
        let definition = json!({"spec": {
            "group": "argoproj.io", "names": {"kind": "Application"},
            "versions": [{"name": "v1alpha1", "schema": {"openAPIV3Schema": schema}}],
        }});
        let (name, schema) = of_definition(&definition).unwrap().remove(0);
        assert_eq!(name, "application-argoproj-v1alpha1.json");
        let properties = &schema["properties"];
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(properties["ports"]["items"]["additionalProperties"], false);
        assert_eq!(
            properties["ports"]["items"]["properties"]["port"]["type"],
            json!(["integer", "string"])
        );
        assert_eq!(properties["labels"]["additionalProperties"]["type"], "string");
        assert!(properties["open"].get("additionalProperties").is_none());
    }
}
