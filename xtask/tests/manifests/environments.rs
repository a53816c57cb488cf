//! The environments are the same thing with other values.

use std::collections::BTreeSet;

use project::Kind;
use serde_json::Value;

use crate::object::{Object, differences, find};
use crate::render::overlay;
use crate::{PROJECT, app_names, applications, environments, first, plain};

/// Whether the environments may differ there or be the same, as somebody likes: in how many of an
/// app run, and in who gives the apps their roles. Lines of add-ons are left out beforehand.
fn is_choice(place: &str) -> bool {
    match place.splitn(3, '/').collect::<Vec<_>>()[..] {
        ["Deployment", app, "spec/replicas"] => app_names().any(|name| name == app),
        ["NetworkPolicy", "pod-identity", _] => true,
        _ => false,
    }
}

/// Where each app differs.
fn of_each_app() -> impl Iterator<Item = String> {
    PROJECT.apps().iter().flat_map(|app| {
        let workload = match app.kind() {
            Kind::Cron => format!("CronJob/{app}/spec/jobTemplate"),
            Kind::Web | Kind::Api | Kind::Worker => format!("Deployment/{app}"),
        };
        [
            format!("{workload}/spec/template/spec/containers/{app}/env/ENVIRONMENT/value"),
            format!("Application/{app}/spec/source/path"),
        ]
    })
}

/// The other places in which the environments differ, and the only ones. The image is not among
/// them: its name must not differ, and its digest is compared away because an environment is ahead
/// of the next one most of the time.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "Deployment/backend/spec/template/spec/containers/backend/env/TABLE_NAME/value", // wing: sample
    "Job/backend-migrate/spec/template/spec/containers/backend/env/ENVIRONMENT/value", // wing: sample
    "Job/backend-migrate/spec/template/spec/containers/backend/env/TABLE_NAME/value", // wing: sample
    "ServiceAccount/backend-migrate/metadata/annotations/eks.amazonaws.com/role-arn", // wing: sample
    "ServiceAccount/backend/metadata/annotations/eks.amazonaws.com/role-arn", // wing: sample
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
    let objects = |environment| {
        let objects = applications().flat_map(|application| plain::overlay(application, environment));
        without_digests(
            &objects
                .chain(plain::apps(environment))
                .cloned()
                .collect::<Vec<_>>(),
        )
    };
    let values: BTreeSet<_> = VALUES
        .iter()
        .map(|&place| place.to_owned())
        .chain(of_each_app())
        .collect();
    for environment in environments().skip(1) {
        let mut differ = differences(&objects(first()), &objects(environment));
        differ.retain(|place| !is_choice(place));
        assert_eq!(differ, values, "{environment}");
    }
}

#[test]
fn what_runs_is_no_choice_but_how_many_do_and_who_gives_roles_is() {
    let app = app_names().next().expect("there is an app");
    for (place, choice) in [
        (&*format!("Deployment/{app}/spec/replicas"), true),
        ("NetworkPolicy/pod-identity/spec/egress/0/ports/0/port", true),
        ("Application/some-add-on/spec/project", false),
        ("Application/platform/spec/source/path", false),
        ("NetworkPolicy/default-deny/spec/podSelector", false),
    ] {
        assert_eq!(is_choice(place), choice, "{place}");
    }
}

#[test]
fn every_server_is_told_the_environment_it_runs_in() {
    for environment in environments() {
        for app in PROJECT.apps().iter().filter(|app| app.kind() != Kind::Cron) {
            let name = app.name();
            let template = find(overlay(name, environment), "Deployment", name)
                .template()
                .expect("has a template");
            assert_eq!(template.containers()[0].env()["ENVIRONMENT"], environment);
        }
    }
}
