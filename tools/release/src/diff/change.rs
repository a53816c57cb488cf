//! One object before and after.

use std::collections::BTreeMap;

use serde_json::Value;

/// One object before and after; null on the side where it is not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) old: &'a Value,
    pub(super) new: &'a Value,
}

impl<'a> Change<'a> {
    /// The side that says what it is.
    fn either(&self) -> &'a Value {
        if self.new.is_null() { self.old } else { self.new }
    }

    pub(super) fn kind(&self) -> &'a str {
        text(self.either(), "/kind")
    }

    /// `kind/name`, with the namespace before the name where one is written.
    pub(super) fn id(&self) -> String {
        let [kind, namespace, name] = identity(self.either());
        if namespace.is_empty() {
            format!("{kind}/{name}")
        } else {
            format!("{kind}/{namespace}/{name}")
        }
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.new.is_null()
    }

    /// Whether it is there on both sides.
    pub(super) fn stays(&self) -> bool {
        !self.old.is_null() && !self.new.is_null()
    }

    /// A part of it.
    pub(super) fn part(&self, pointer: &str) -> Self {
        Self {
            old: at(self.old, pointer),
            new: at(self.new, pointer),
        }
    }

    pub(super) fn differs(&self) -> bool {
        self.old != self.new
    }

    /// Whether it was there and is no more.
    pub(super) fn is_lost(&self) -> bool {
        !self.old.is_null() && self.new.is_null()
    }

    /// An annotation, before and after.
    pub(super) fn annotation(&self, key: &str) -> Self {
        self.part("/metadata/annotations").field(key)
    }

    /// A field whose name may have slashes in it.
    pub(super) fn field(&self, key: &str) -> Self {
        let field = |side: &'a Value| side.get(key).unwrap_or(&Value::Null);
        Self {
            old: field(self.old),
            new: field(self.new),
        }
    }

    /// The pod that it starts, if it starts one.
    pub(super) fn pod(&self) -> Self {
        self.part(match self.kind() {
            "Pod" => "",
            "CronJob" => "/spec/jobTemplate/spec/template",
            _ => "/spec/template",
        })
    }

    /// The elements of lists of which each has a name; one after the other, by name.
    pub(super) fn named(&self, lists: &[&str]) -> BTreeMap<&'a str, Self> {
        let mut found = BTreeMap::new();
        let null = Change {
            old: &Value::Null,
            new: &Value::Null,
        };
        for list in lists {
            let part = self.part(list);
            for element in elements(part.old) {
                found.entry(text(element, "/name")).or_insert(null).old = element;
            }
            for element in elements(part.new) {
                found.entry(text(element, "/name")).or_insert(null).new = element;
            }
        }
        found
    }

    /// The containers of a pod, the early ones too, by name.
    pub(super) fn containers(&self) -> BTreeMap<&'a str, Self> {
        self.named(&["/spec/initContainers", "/spec/containers"])
    }

    /// Elements of the list at `pointer` that only the new side has.
    pub(super) fn added(&self, pointer: &str) -> Vec<&'a Value> {
        let part = self.part(pointer);
        let old = elements(part.old);
        elements(part.new)
            .iter()
            .filter(|element| !old.contains(element))
            .collect()
    }

    /// Elements of the list at `pointer` that only the old side has.
    pub(super) fn removed(&self, pointer: &str) -> Vec<&'a Value> {
        let turned = Change {
            old: self.new,
            new: self.old,
        };
        turned.added(pointer)
    }
}

/// Each object of either side; in the order of their names.
pub(super) fn changes<'a>(old: &'a [Value], new: &'a [Value]) -> Vec<Change<'a>> {
    let sides = |objects: &'a [Value]| -> BTreeMap<(String, [&'a str; 3]), &'a Value> {
        objects
            .iter()
            // A new version of an API is the same object.
            .map(|object| ((group(object).to_owned(), identity(object)), object))
            .collect()
    };
    let (old, new) = (sides(old), sides(new));
    let mut keys: Vec<_> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .map(|key| Change {
            old: old.get(key).copied().unwrap_or(&Value::Null),
            new: new.get(key).copied().unwrap_or(&Value::Null),
        })
        .filter(Change::differs)
        .collect()
}

/// The value at a JSON pointer; null where there is none.
pub(super) fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    at(value, pointer).as_str().unwrap_or_default()
}

pub(super) fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// As a reader would write it in one line.
pub(super) fn short(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn group(object: &Value) -> &str {
    text(object, "/apiVersion")
        .rsplit_once('/')
        .map_or("", |(group, _)| group)
}

fn identity(object: &Value) -> [&str; 3] {
    ["/kind", "/metadata/namespace", "/metadata/name"].map(|pointer| text(object, pointer))
}
