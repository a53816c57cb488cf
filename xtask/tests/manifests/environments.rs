//! Staging and production are the same thing with other values.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::object::{Object, differences, find};
use crate::render::{account_and_region, apps, overlay};
use crate::{APPLICATIONS, ENVIRONMENTS};

/// Places in which the environments may differ or be the same, as somebody likes.
const CHOICES: &[&str] = &[
    "Deployment/backend/spec/replicas",
    "Deployment/frontend/spec/replicas",
];

/// The other places in which the environments differ, and the only ones. The image is not among
/// them: its name must not differ, and its digest is compared away because staging is ahead of
/// production most of the time.
const VALUES: &[&str] = &[
    "Deployment/backend/spec/template/spec/containers/backend/env/ENVIRONMENT/value",
    "Deployment/backend/spec/template/spec/containers/backend/env/TABLE_NAME/value",
    "Deployment/frontend/spec/template/spec/containers/frontend/env/ENVIRONMENT/value",
    "Job/backend-migrate/spec/template/spec/containers/backend/env/ENVIRONMENT/value",
    "Job/backend-migrate/spec/template/spec/containers/backend/env/TABLE_NAME/value",
    "ServiceAccount/backend-migrate/metadata/annotations/eks.amazonaws.com/role-arn",
    "ServiceAccount/backend/metadata/annotations/eks.amazonaws.com/role-arn",
    "Application/backend/spec/source/path",
    "Application/frontend/spec/source/path",
    "Application/platform/spec/source/path",
];

fn without_digests(objects: &[Object]) -> Vec<Object> {
    fn strip(value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some((name, _)) = text.split_once("@sha256:") {
                    *text = name.to_owned();
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(strip),
            Value::Object(fields) => fields.values_mut().for_each(strip),
            _ => {}
        }
    }
    let mut objects = objects.to_vec();
    for object in &mut objects {
        strip(&mut object.0);
    }
    objects
}

#[test]
fn staging_and_production_differ_in_the_listed_values_and_nowhere_else() {
    let [staging, production] = ENVIRONMENTS.map(|environment| {
        let objects = APPLICATIONS
            .iter()
            .flat_map(|application| overlay(application, environment));
        without_digests(&objects.chain(apps(environment)).cloned().collect::<Vec<_>>())
    });
    let values: BTreeSet<_> = VALUES.iter().map(|&place| place.to_owned()).collect();
    let mut differ = differences(&staging, &production);
    differ.retain(|place| !CHOICES.contains(&place.as_str()));
    assert_eq!(differ, values);
}

#[test]
fn every_server_is_told_the_environment_it_runs_in() {
    for environment in ENVIRONMENTS {
        for name in ["backend", "frontend"] {
            let template = find(overlay(name, environment), "Deployment", name)
                .template()
                .expect("has a template");
            assert_eq!(template.containers()[0].env()["ENVIRONMENT"], environment);
        }
    }
}

#[test]
fn the_table_is_looked_for_in_the_region_of_the_registry() {
    for environment in ENVIRONMENTS {
        let template = find(overlay("backend", environment), "Deployment", "backend")
            .template()
            .expect("has a template");
        assert_eq!(
            template.containers()[0].env()["AWS_REGION"],
            account_and_region().1
        );
    }
}
