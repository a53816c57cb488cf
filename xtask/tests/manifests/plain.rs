//! What an environment is without the lines of its overlays that bring add-ons. Which of them are
//! on is a choice, so the rules that say exactly what there is are about this.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::object::Object;
use crate::render::{self, ROOT, build, build_local, copy_folder};
use crate::{applications, environments};

/// What the folder of an environment's Applications is called, beside those of the applications.
const APPS: &str = "apps";
/// What the name of a component of an add-on begins with.
pub(crate) const ADDONS: &str = "../../../addons/";

/// As AWS gets it, and as the e2e gets it.
type Both = [Vec<Object>; 2];

/// Each application in each environment, and the Applications.
static PLAIN: LazyLock<BTreeMap<(&str, &str), Both>> = LazyLock::new(|| {
    let names = || applications().chain([APPS]);
    let pairs = environments().flat_map(|environment| names().map(move |name| (name, environment)));
    pairs
        .map(|(name, environment)| ((name, environment), both(name, environment)))
        .collect()
});

fn both(name: &'static str, environment: &'static str) -> Both {
    let folder = format!("infra/{name}/overlays/{environment}");
    let file = format!("{folder}/kustomization.yaml");
    let text = std::fs::read_to_string(ROOT.join(&file)).expect("read an overlay");
    let plain = without_addons(&text);
    if plain == text {
        let local = if name == APPS {
            render::local_apps(environment)
        } else {
            render::local_overlay(name, environment)
        };
        return [render::overlay(name, environment).to_vec(), local.to_vec()];
    }
    let copy = tempfile::tempdir().expect("make a folder for a copy of infra/");
    copy_folder(&ROOT.join("infra"), &copy.path().join("infra"));
    std::fs::write(copy.path().join(file), plain).expect("write an overlay");
    let aws = build(&copy.path().join(folder));
    let local = if name == APPS {
        build(&copy.path().join("infra/local/apps").join(environment))
    } else {
        build_local(copy.path(), name, environment)
    };
    [aws.objects, local.objects]
}

/// The text of an overlay without the lines that bring add-ons.
pub(crate) fn without_addons(text: &str) -> String {
    let is_other = |line: &&str| {
        let item = line.trim_start().strip_prefix("- ");
        item.is_none_or(|item| !item.trim_start_matches('"').starts_with(ADDONS))
    };
    text.split_inclusive('\n').filter(is_other).collect()
}

/// An application as AWS gets it.
pub(crate) fn overlay(application: &'static str, environment: &'static str) -> &'static [Object] {
    &PLAIN[&(application, environment)][0]
}

/// An application as the e2e gets it.
pub(crate) fn local_overlay(application: &'static str, environment: &'static str) -> &'static [Object] {
    &PLAIN[&(application, environment)][1]
}

/// The Applications and their project as AWS gets them.
pub(crate) fn apps(environment: &'static str) -> &'static [Object] {
    overlay(APPS, environment)
}

/// The Applications and their project as the e2e gets them.
pub(crate) fn local_apps(environment: &'static str) -> &'static [Object] {
    local_overlay(APPS, environment)
}

/// All that AWS gets in an environment, Applications left out.
pub(crate) fn environment(environment: &'static str) -> Vec<Object> {
    let objects = applications().flat_map(|application| overlay(application, environment));
    objects.cloned().collect()
}

#[test]
fn lines_of_add_ons_are_left_out_and_no_others() {
    let text = "resources:\n  - ../../base\ncomponents:\n  # - ../../../addons/a/application\n  - ../../../addons/b\n  \
        - \"../../../addons/c\"\n  - ../../pod-identity\n";
    let plain = "resources:\n  - ../../base\ncomponents:\n  # - ../../../addons/a/application\n  - ../../pod-identity\n";
    assert_eq!(without_addons(text), plain);
}
