//! Looks at each object, pod or container, and writes one line for each in which something is
//! wrong.

use crate::object::Object;

/// One line for each object for which `wrong` says something.
pub(crate) fn each(objects: &[Object], wrong: impl Fn(&Object) -> Option<String>) -> Vec<String> {
    let faults = objects
        .iter()
        .filter_map(|object| Some((object.id(), wrong(object)?)));
    faults.map(|(id, fault)| format!("{id}: {fault}")).collect()
}

/// The same for each pod template.
pub(crate) fn each_pod(objects: &[Object], wrong: impl Fn(&Object) -> Option<String>) -> Vec<String> {
    each(objects, |object| wrong(&object.template()?))
}

/// The same for each container: what is there in place of what the rule wants.
pub(crate) fn each_container(objects: &[Object], wrong: impl Fn(&Object) -> Option<String>) -> Vec<String> {
    each_pod(objects, |pod| {
        let containers = pod.containers();
        if containers.is_empty() {
            return Some("no container".to_owned());
        }
        containers.iter().find_map(&wrong)
    })
}

/// The first of these fields of `resources` that the container lacks.
pub(crate) fn lacking(container: &Object, fields: &[&str]) -> Option<String> {
    fields
        .iter()
        .find(|field| !container.at(&format!("/resources/{field}")).is_string())
        .map(|field| format!("{} lacks {field}", container.text("/name")))
}
