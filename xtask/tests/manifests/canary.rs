//! The add-on by which an app is released to a few of its visitors first: that its parts lead to
//! each other, and that nobody undoes what another does.

use std::collections::BTreeSet;

use project::Environment; // wing: verifier
use serde_json::{Value, json};

use crate::PROJECT; // wing: verifier
use crate::addons::{AUTOSCALER, edited, has, is_on, on, servers, with_components};
use crate::object::{Object, find, of_kind};
use crate::render::{ALL, apps, file, minor_of_kubernetes};
use crate::{environments, faults, namespace, schemas};

const FOLDER: &str = "infra/addons/argo-rollouts";
const NAME: &str = "argo-rollouts";
/// The component of an app's overlay, in the folder of add-ons.
pub(crate) const CANARY: &str = "argo-rollouts/canary";

/// What an app's overlay renders with an Ingress and a canary below it.
fn with_canary(app: &str, environment: &str) -> Vec<Object> {
    let ingress = format!("load-balancer/{environment}");
    let folder = format!("infra/{app}/overlays/{environment}");
    edited(&folder, |text| with_components(text, &[&ingress, CANARY]))
}

fn port<'a>(service: &'a Object, name: &str) -> &'a Value {
    let mut ports = service.list("/spec/ports").iter();
    let port = ports.find(|port| port["name"] == name);
    port.unwrap_or_else(|| panic!("{} has no port {name}", service.id()))
}

#[test]
fn a_rollout_runs_the_pods_of_its_deployment_and_says_who_is_sent_to_which() {
    for (app, environment) in servers() {
        let objects = with_canary(app, environment);
        let rollout = find(&objects, "Rollout", app);
        let reference =
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": app, "scaleDown": "never" });
        assert_eq!(*rollout.at("/spec/workloadRef"), reference);
        assert!(
            rollout.at("/spec/replicas").as_u64() >= Some(2),
            "one is an outage"
        );
        let canary = rollout.at("/spec/strategy/canary");
        let alb = &canary["trafficRouting"]["alb"];
        assert!(without_weights(&objects).is_empty());
        // Who comes by another way than the Ingress reaches all pods.
        let root = find(&objects, "Service", app);
        let template = find(&objects, "Deployment", app)
            .template()
            .expect("it starts pods");
        assert!(root.selects("/spec/selector", &template));
        for key in ["pingService", "pongService"] {
            let service = canary["pingPong"][key].as_str().expect("a name");
            let service = find(&objects, "Service", service);
            assert_eq!(port(service, "http")["port"], alb["servicePort"]);
            assert!(
                service.at("/spec/selector").is_null(),
                "Argo CD would undo the selector of {}",
                service.id()
            );
        }
        let name = canary["pingPong"]["pingService"].as_str();
        assert!(name.is_some_and(|name| name.starts_with(&format!("{app}-"))));
        for rule in [
            faults::labels,
            faults::own_namespace,
            faults::spread,
            faults::budget_can_be_met,
        ] {
            assert!(rule(&objects).is_empty(), "{app}: {:?}", rule(&objects));
        }
        if let Some(kubeconform) = schemas::kubeconform() {
            let texts: Vec<_> = objects.iter().map(|object| object.0.to_string()).collect();
            let (faults, valid) = kubeconform.judge(&texts);
            assert!(faults.is_empty() && valid == texts.len() as u64, "{faults:?}");
        }
    }
}

/// A load balancer of AWS goes on sending visitors to what they keep to, whatever its weight is and
/// whether there are any pods: they must have left it by the time those end.
#[test]
fn a_visitor_keeps_to_a_version_while_a_page_loads_and_leaves_it_before_its_pods_end() {
    for (app, environment) in servers() {
        let objects = with_canary(app, environment);
        let canary = find(&objects, "Rollout", app).at("/spec/strategy/canary");
        let sticks = &canary["trafficRouting"]["alb"]["stickinessConfig"];
        assert_eq!(sticks["enabled"], true, "{app} in {environment}");
        let number = |value: &Value| value.as_u64().expect("a number of seconds");
        let kept = number(&sticks["durationSeconds"]);
        // Page, style, script and module are asked for within seconds.
        assert!(kept >= 10, "{kept}");
        for stay in ["scaleDownDelaySeconds", "abortScaleDownDelaySeconds"] {
            // The load balancer hears of a weight some seconds later.
            assert!(number(&canary[stay]) >= 2 * kept, "{stay}: {canary}");
        }
    }
}

/// That the path is the server's own is for a test of the server: crates/serverkit/src/answers.rs.
#[test]
fn each_step_is_judged_by_what_the_canary_alone_has_answered() {
    for (app, environment) in servers() {
        let objects = with_canary(app, environment);
        let rollout = find(&objects, "Rollout", app);
        let template = find(&objects, "AnalysisTemplate", app);
        let steps = rollout.list("/spec/strategy/canary/steps").iter();
        let judged = steps.filter_map(|step| step["analysis"]["templates"][0]["templateName"].as_str());
        assert_eq!(judged.collect::<Vec<_>>(), [app, app]);
        let wave = template.annotation("argocd.argoproj.io/sync-wave");
        assert_eq!(wave, "-1", "a Rollout is refused without it");

        let service = template.text("/spec/args/0/value");
        let service = find(&objects, "Service", service);
        let metrics = port(service, "metrics");
        let canary = format!(
            "http://{{{{args.service}}}}.{}.svc:{}/",
            namespace(),
            metrics["port"]
        );
        for metric in template.list("/spec/metrics") {
            let url = metric["provider"]["web"]["url"].as_str();
            assert!(url.is_some_and(|url| url.starts_with(&canary)), "{url:?}");
        }
        let mut of_canary = find(&objects, "Deployment", app).template().expect("a pod");
        let ports = of_canary.containers()[0].list("/ports").to_vec();
        let named = ports.iter().find(|port| port["name"] == metrics["targetPort"]);
        assert!(named.is_some(), "{ports:?}");
        assert!(
            !service.selects("/spec/selector", &of_canary),
            "{} would be asked about all pods",
            service.id()
        );
        let marks = rollout.at("/spec/strategy/canary/canaryMetadata/labels");
        for (key, value) in marks.as_object().expect("the canary's labels") {
            of_canary.0["metadata"]["labels"][key] = value.clone();
        }
        assert!(service.selects("/spec/selector", &of_canary));

        let policy = find(&objects, "NetworkPolicy", &format!("{app}-analysis"));
        assert!(policy.selects("/spec/podSelector/matchLabels", &of_canary));
        assert_eq!(
            policy.at("/spec/ingress/0/from/0/namespaceSelector/matchLabels")["kubernetes.io/metadata.name"],
            NAME
        );
        let policies = &ALL[&format!("{FOLDER}/{environment}")].objects;
        let out = find(policies, "NetworkPolicy", "analysis");
        assert_eq!(*out.at("/spec/egress/0/ports/0/port"), metrics["port"]);
        assert_eq!(
            out.at("/spec/egress/0/to/0/namespaceSelector/matchLabels")["kubernetes.io/metadata.name"],
            namespace()
        );
    }
}

/// The autoscaler's Deployment has no pods then, and the Rollout as many as it says.
#[test]
fn no_overlay_has_a_canary_and_an_autoscaler() {
    for (app, environment) in servers() {
        let both = [CANARY, AUTOSCALER].map(|component| has(app, environment, component));
        assert_ne!(both, [true, true], "{app} in {environment}");
    }
}

/// The Rollouts whose weights are for no Ingress, or for one that sends past them to all pods.
fn without_weights(objects: &[Object]) -> Vec<String> {
    let goes_by_weights = |rollout: &Object| {
        let alb = rollout.at("/spec/strategy/canary/trafficRouting/alb");
        let service = json!({ "name": alb["rootService"], "port": { "name": "use-annotation" } });
        of_kind(objects, "Ingress").into_iter().any(|ingress| {
            let leads_to = ingress.at("/spec/rules/0/http/paths/0/backend/service");
            alb["ingress"] == ingress.name() && *leads_to == service
        })
    };
    let rollouts = of_kind(objects, "Rollout").into_iter();
    let others = rollouts.filter(|rollout| !goes_by_weights(rollout));
    others.map(Object::id).collect()
}

#[test]
fn no_overlay_has_a_canary_without_an_ingress_that_goes_by_its_weights() {
    for (app, environment) in servers() {
        let folder = format!("infra/{app}/overlays/{environment}");
        assert!(without_weights(&ALL[&folder].objects).is_empty(), "{folder}");
        let mut objects = with_canary(app, environment);
        let alone = edited(&folder, |text| with_components(text, &[CANARY]));
        let ingress = objects.iter_mut().find(|object| object.kind() == "Ingress");
        let past = ingress.expect("an Ingress");
        past.0["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"]["name"] = json!("http");
        for broken in [alone, objects] {
            assert_eq!(without_weights(&broken), [format!("Rollout/{app}")]);
        }
    }
}

// wing: verifier
/// The verifier looks at the pods of a Deployment, which has none then, and may read no Rollout.
#[test]
fn no_app_has_a_canary_where_its_releases_are_verified() {
    for (app, environment) in servers() {
        let verifies = PROJECT.environment(environment).is_ok_and(Environment::verifies);
        assert!(
            !(verifies && has(app, environment, CANARY)),
            "no release of {app} would ever be verified in {environment}: take the canary out of its overlay, or `verify` out of project.toml"
        );
    }
}
// end of wing

/// Otherwise an app would be promoted differently with a canary.
#[test]
fn the_image_is_where_it_is_without_a_canary() {
    for (app, environment) in servers() {
        let image = |objects: &[Object]| {
            let template = find(objects, "Deployment", app).template().expect("a pod");
            template.containers()[0].text("/image").to_owned()
        };
        let plain = &ALL[&format!("infra/{app}/overlays/{environment}")].objects;
        assert_eq!(image(&with_canary(app, environment)), image(plain));
    }
}

#[test]
fn a_line_lets_apps_have_rollouts_and_argo_cd_may_make_those_alone() {
    let kinds = ["AnalysisTemplate", "Rollout"];
    for environment in environments() {
        let may = |objects: &[Object]| {
            let project = find(objects, "AppProject", namespace());
            let list = project.list("/spec/namespaceResourceWhitelist").to_vec();
            kinds.map(|kind| list.contains(&json!({ "group": "argoproj.io", "kind": kind })))
        };
        assert_eq!(may(apps(environment)), [is_on(environment, NAME); 2]);
        let on = on(environment);
        assert_eq!(may(&on), [true, true]);
        let wave = |name: &str| {
            let application = find(&on, "Application", name);
            application
                .annotation("argocd.argoproj.io/sync-wave")
                .parse::<i32>()
                .expect("a number")
        };
        for (app, _) in servers() {
            assert!(wave(NAME) < wave(app), "a new cluster would wait for ever");
        }
    }
    let cluster = &ALL[&format!("{FOLDER}/cluster")].objects;
    let resources = |kind: &str, name: &str| {
        let rules = find(cluster, kind, name).list("/rules");
        assert_eq!(rules.len(), 1, "{name}");
        rules[0]["resources"].clone()
    };
    assert_eq!(
        resources("Role", "argocd-rollouts"),
        json!(["analysistemplates", "rollouts"])
    );
    let watched = resources("ClusterRole", "argocd-watch-rollouts");
    let looked_at = file(&format!("{FOLDER}/argocd/values.yaml"));
    let looked_at = looked_at[0].text("/data/inclusions").to_lowercase();
    for plural in watched.as_array().expect("a list") {
        let plural = plural.as_str().expect("a word");
        assert!(looked_at.contains(plural.trim_end_matches('s')), "{looked_at}");
    }
}

#[test]
fn the_controller_may_act_beside_the_apps_alone_and_read_no_secret_there() {
    let cluster = &ALL[&format!("{FOLDER}/cluster")].objects;
    let labels = find(cluster, "Namespace", NAME).at("/metadata/labels");
    let version = minor_of_kubernetes();
    assert_eq!(labels["pod-security.kubernetes.io/enforce-version"], version);
    let bound = of_kind(cluster, "ClusterRoleBinding").into_iter();
    let mut bound = bound.flat_map(|binding| binding.list("/subjects"));
    assert!(bound.all(|subject| subject["name"] != NAME));
    let all = of_kind(cluster, "Role").into_iter();
    let beside = all.filter(|role| role.name() == NAME && role.text("/metadata/namespace") == namespace());
    let rules: Vec<_> = beside.flat_map(|role| role.list("/rules")).collect();
    let words = |rule: &Value, key: &str| -> BTreeSet<String> {
        let words = rule[key].as_array().into_iter().flatten();
        words.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    assert!(!rules.is_empty());
    for rule in rules {
        let resources = words(rule, "resources");
        assert!(
            resources.is_disjoint(&["secrets", "configmaps", "*"].map(str::to_owned).into()),
            "{resources:?}"
        );
        let verbs = words(rule, "verbs");
        let changes = ["create", "delete", "patch", "update"].map(str::to_owned);
        let may_change = !verbs.is_disjoint(&changes.into());
        assert!(
            !may_change || !resources.contains("deployments"),
            "how many pods a Deployment has is said in Git"
        );
    }
}
