//! What runs, and how fast; what it may do is in `rules`.

use crate::object::Object;
use crate::render::{ALL, environment, file, local_overlay};
use crate::{PROJECT, applications, environments, faults};

/// All objects of both environments, on AWS and in the e2e.
fn everything() -> Vec<Object> {
    let local = environments().flat_map(|environment| {
        applications().flat_map(move |name| local_overlay(name, environment).to_vec())
    });
    environments().flat_map(environment).chain(local).collect()
}

/// What starts pods, with its pod template.
fn workloads() -> Vec<(Object, Object)> {
    let found: Vec<_> = everything()
        .into_iter()
        .filter_map(|object| Some((object.clone(), object.template()?)))
        .collect();
    let clusters = 2 * environments().count();
    assert_eq!(found.len(), clusters * each(), "on AWS and in the e2e");
    found
}

/// What starts pods in each environment: the apps, and the migrations of those that have some.
pub(crate) fn each() -> usize {
    let apps = PROJECT.apps();
    apps.len() + apps.iter().filter(|app| app.migrates()).count()
}

fn servers() -> Vec<(Object, Object)> {
    workloads()
        .into_iter()
        .filter(|(object, _)| object.is_server())
        .collect()
}

#[test]
fn every_object_says_what_it_is_and_what_it_belongs_to() {
    for (folder, rendering) in ALL.iter() {
        let faults = faults::labels(&rendering.objects);
        assert!(faults.is_empty(), "{folder}:\n{}", faults.join("\n"));
    }
}

#[test]
fn a_rollout_notices_within_a_second_that_a_server_is_up() {
    for (object, template) in servers() {
        for container in template.containers() {
            // A rollout waits for these two; each second counts in the time from merge to live.
            for probe in ["startup", "readiness"] {
                assert_eq!(
                    *container.at(&format!("/{probe}Probe/periodSeconds")),
                    1,
                    "{probe} of {}",
                    object.id()
                );
            }
            let named = container.list("/ports").iter().any(|port| port["name"] == "http");
            assert!(named, "{} has no port `http`", object.id());
        }
    }
}

// wing: addons
/// What says how many pods there are in the place of a Deployment, and where it does.
fn in_place_of<'a>(deployment: &Object, objects: &'a [Object]) -> Option<(&'a Object, &'static str)> {
    objects.iter().find_map(|object| {
        let (of, count) = match object.kind() {
            "Rollout" => ("/spec/workloadRef/name", "/spec/replicas"),
            "HorizontalPodAutoscaler" => ("/spec/scaleTargetRef/name", "/spec/minReplicas"),
            _ => return None,
        };
        (object.text(of) == deployment.name()).then_some((object, count))
    })
}
// end of wing

#[test]
fn production_has_more_than_one_of_each_server() {
    let objects = environment(PROJECT.last().name());
    for deployment in objects.iter().filter(|object| object.is_server()) {
        let (runs, count) = (deployment, "/spec/replicas");
        let (runs, count) = in_place_of(deployment, &objects).unwrap_or((runs, count)); // wing: addons
        let replicas = runs.at(count).as_u64();
        assert!(
            replicas >= Some(2),
            "one replica in production is an outage: {}",
            deployment.id()
        );
    }
}

#[test]
fn what_runs_beside_the_message_board_cannot_fill_a_nodes_disk_either() {
    for path in [
        "infra/argocd/workloads.yaml",
        "infra/admission/controller.yaml",
        "infra/verifier/deployment.yaml", // wing: verifier
        "infra/previews/keeper.yaml",     // wing: previews
        "infra/local/kube-router.yaml",
    ] {
        let objects = file(path);
        let faults = faults::limited_storage(&objects);
        assert!(faults.is_empty(), "{path}:\n{}", faults.join("\n"));
        assert!(
            objects.iter().any(|object| object.template().is_some()),
            "{path} starts no pods"
        );
    }
}

// wing: verifier
#[test]
fn the_verifier_reports_under_the_name_that_the_verbs_ask_for() {
    let objects = file("infra/verifier/deployment.yaml");
    let deployment = objects.iter().find(|object| object.template().is_some());
    let template = deployment.and_then(Object::template).expect("it starts pods");
    let variables = template.containers()[0].list("/env").to_vec();
    let reports = variables.iter().find(|variable| variable["name"] == "REPORTS");
    let reports = reports.and_then(|variable| variable["value"].as_str());
    let reports = reports.expect("a name for its reports");
    let reporter = PROJECT.reporter(&format!("{reports}/app"));
    let expected = reporter.map(|environment| environment.report_on("app"));
    assert_eq!(expected, Some(format!("{reports}/app")), "{reports}");
}
// end of wing
