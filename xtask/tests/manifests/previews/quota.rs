//! What a preview may take: there is room for each server beside its next version, and for a
//! migration. An app that joins previews brings more of both (docs/PREVIEWS.md).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{preview, wall};
use crate::object::{Object, of_kind};

/// What of a container counts, by the names of a quota.
const OF_CONTAINERS: [(&str, &str); 4] = [
    ("requests.cpu", "/resources/requests/cpu"),
    ("requests.memory", "/resources/requests/memory"),
    ("limits.memory", "/resources/limits/memory"),
    ("limits.ephemeral-storage", "/resources/limits/ephemeral-storage"),
];

/// A quantity of Kubernetes, in thousandths.
fn amount(quantity: &Value) -> u64 {
    let text = quantity.as_str().expect("a quantity is a text");
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit: u64 = match unit {
        "m" => 1,
        "" => 1000,
        "Mi" => 1000 << 20,
        "Gi" => 1000 << 30,
        _ => panic!("{text} is in a unit that is not known here"),
    };
    number.parse::<u64>().expect("a number") * unit
}

/// What there is at most at the same time.
fn most(objects: &[Object]) -> BTreeMap<&'static str, u64> {
    let mut most = BTreeMap::from([("services", 1000 * of_kind(objects, "Service").len() as u64)]);
    for object in objects {
        let Some(pod) = object.template() else { continue };
        // A server is there beside its next version.
        let times: u64 = if object.kind() == "Deployment" { 2 } else { 1 };
        *most.entry("pods").or_default() += 1000 * times;
        for container in pod.containers() {
            for (name, pointer) in OF_CONTAINERS {
                *most.entry(name).or_default() += times * amount(container.at(pointer));
            }
        }
    }
    most
}

#[test]
fn the_quota_has_room_for_each_server_beside_its_next_version_and_a_migration() {
    let quota = wall("quota");
    let hard = quota.at("/spec/hard");
    for (name, most) in most(preview()) {
        let room = amount(&hard[name]);
        assert!(most <= room, "{name}: {most} thousandths, and room for {room}");
    }
}

#[test]
fn each_server_of_a_preview_is_alone_and_told_that_it_is_one() {
    for server in of_kind(preview(), "Deployment") {
        assert_eq!(*server.at("/spec/replicas"), 1, "{}", server.id());
        let containers = server.template().expect("it starts pods").containers();
        let environment = containers[0].env().remove("ENVIRONMENT");
        assert_eq!(environment.as_deref(), Some("preview"), "{}", server.id());
    }
}
