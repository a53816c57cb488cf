//! One rendered object and what two of them differ in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) struct Object(pub(crate) Value);

impl Object {
    /// The value at a JSON pointer; null where there is none.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    pub(crate) fn list(&self, pointer: &str) -> &[Value] {
        self.at(pointer).as_array().map_or(&[], Vec::as_slice)
    }

    /// Whether it is a check of a release, or what one needs.
    pub(crate) fn is_check(&self) -> bool {
        self.at("/metadata/labels")["app.kubernetes.io/component"] == "check"
    }

    pub(crate) fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub(crate) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// `kind/name`: how failures name it.
    pub(crate) fn id(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }

    /// The API group; empty for the core one.
    pub(crate) fn group(&self) -> &str {
        self.text("/apiVersion")
            .rsplit_once('/')
            .map_or("", |(group, _)| group)
    }

    pub(crate) fn annotation(&self, key: &str) -> &str {
        self.at("/metadata/annotations")
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The pod template of whatever starts pods.
    pub(crate) fn template(&self) -> Option<Self> {
        let places = ["/spec/template", "/spec/jobTemplate/spec/template"];
        places
            .iter()
            .find_map(|place| self.0.pointer(place))
            .cloned()
            .map(Self)
    }

    /// Whether it is a Deployment whose pods are asked for something by others.
    pub(crate) fn is_server(&self) -> bool {
        let component = "/spec/template/metadata/labels/app.kubernetes.io~1component";
        self.kind() == "Deployment" && self.text(component) == "server"
    }

    /// Every container of a pod template, the early ones too.
    pub(crate) fn containers(&self) -> Vec<Self> {
        let lists = ["/spec/initContainers", "/spec/containers"].map(|list| self.list(list));
        lists.concat().into_iter().map(Self).collect()
    }

    /// The literal variables of a container.
    pub(crate) fn env(&self) -> BTreeMap<String, String> {
        let field = |variable: &Value, key| variable[key].as_str().unwrap_or_default().to_owned();
        self.list("/env")
            .iter()
            .map(|variable| (field(variable, "name"), field(variable, "value")))
            .collect()
    }

    /// Whether the label selector at `pointer` picks pods that carry the labels of `template`.
    pub(crate) fn selects(&self, pointer: &str, template: &Self) -> bool {
        let wanted = self
            .at(pointer)
            .as_object()
            .unwrap_or_else(|| panic!("{} has no {pointer}", self.id()));
        wanted
            .iter()
            .all(|(key, value)| template.at("/metadata/labels").get(key) == Some(value))
    }
}

/// The object of that kind and name.
pub(crate) fn find<'a>(objects: &'a [Object], kind: &str, name: &str) -> &'a Object {
    let found = objects
        .iter()
        .find(|object| object.kind() == kind && object.name() == name);
    found.unwrap_or_else(|| panic!("no {kind}/{name} among {:?}", ids(objects)))
}

pub(crate) fn of_kind<'a>(objects: &'a [Object], kind: &str) -> Vec<&'a Object> {
    objects.iter().filter(|object| object.kind() == kind).collect()
}

pub(crate) fn ids(objects: &[Object]) -> BTreeSet<String> {
    objects.iter().map(Object::id).collect()
}

/// The places in which two renderings differ, as `kind/name/pointer`. Elements of lists are told
/// apart by their `name` where they have one, so that an added variable does not look like a change
/// of all that follow.
pub(crate) fn differences(left: &[Object], right: &[Object]) -> BTreeSet<String> {
    let flat = |objects: &[Object]| {
        let mut leaves = BTreeMap::new();
        for object in objects {
            flatten(&object.0, &object.id(), &mut leaves);
        }
        leaves
    };
    let (left, right) = (flat(left), flat(right));
    let places = left.keys().chain(right.keys());
    places
        .filter(|place| left.get(*place) != right.get(*place))
        .cloned()
        .collect()
}

fn flatten(value: &Value, place: &str, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                flatten(value, &format!("{place}/{key}"), leaves);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, element) in elements.iter().enumerate() {
                let key = element
                    .get("name")
                    .and_then(Value::as_str)
                    .map_or(index.to_string(), str::to_owned);
                flatten(element, &format!("{place}/{key}"), leaves);
            }
        }
        leaf => {
            leaves.insert(place.to_owned(), leaf.clone());
        }
    }
}

#[test]
fn differences_name_the_place_and_only_that() {
    let object = |replicas: u8, variables: &[&str]| {
        let env: Vec<_> = variables
            .iter()
            .map(|name| serde_json::json!({"name": name, "value": "x"}))
            .collect();
        vec![Object(serde_json::json!({
            "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": replicas, "env": env},
        }))]
    };
    assert_eq!(
        differences(&object(1, &["A"]), &object(1, &["A"])),
        BTreeSet::new()
    );
    assert_eq!(
        differences(&object(1, &["A"]), &object(2, &["A"])),
        ["Deployment/a/spec/replicas".to_owned()].into()
    );
    let added = ["Deployment/a/spec/env/B/name", "Deployment/a/spec/env/B/value"].map(str::to_owned);
    assert_eq!(
        differences(&object(1, &["A"]), &object(1, &["B", "A"])),
        added.into()
    );
    assert_eq!(
        differences(&object(1, &["A"]), &[]).len(),
        5,
        "an object that is missing differs in every field"
    );
}
