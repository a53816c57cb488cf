//! What the file may say, and what is said of what it may not.

use std::path::Path;

use crate::{Kind, Project, ProjectError};

const HEAD: &str = "name = \"loop\"\napplication = \"board\"\n";
const ENVIRONMENTS: &str = "[[environments]]\nname = \"test\"\nbranch = \"main\"\nnodes = 2\nverify = true\n\
    [[environments]]\nname = \"trial\"\nbranch = \"trial\"\n\
    [[environments]]\nname = \"live\"\nbranch = \"live\"\n";

fn app(name: &str) -> String {
    format!("[[apps]]\nname = \"{name}\"\nkind = \"api\"\npackage = \"p-{name}\"\nfolder = \"apps/{name}\"\n")
}

fn read(environments: &str, apps: &str) -> Result<Project, ProjectError> {
    Project::of_text(&format!("{HEAD}{environments}{apps}"))
}

/// What is said of a file, which must name the key and the step.
fn refused(environments: &str, apps: &str, says: &[&str]) {
    let error = read(environments, apps).expect_err(apps).to_string();
    for words in says.iter().chain(&["project.toml"]) {
        assert!(error.contains(words), "`{words}` is missing: {error}");
    }
}

#[test]
fn the_file_of_this_repository_can_be_read_from_any_folder_of_it() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::above(here).unwrap();
    assert_eq!(Project::load(&here.join("../..")).unwrap(), project);
    for app in project.apps() {
        assert!(here.join("../..").join(app.containerfile()).is_file(), "{app}");
    }
}

#[test]
fn what_is_no_toml_is_shown_once() {
    let error = Project::of_text("name = ").unwrap_err();
    assert!(error.to_string().contains("TOML parse error"), "{error}");
    let source = std::error::Error::source(&error);
    assert!(
        source.is_none(),
        "a chain of causes would say it again: {source:?}"
    );
}

#[test]
fn a_report_names_the_environment_and_the_app() {
    let project = read(ENVIRONMENTS, "").unwrap();
    let report = project.first().report_on("bot");
    assert_eq!(report, "verified/test/bot");
    assert_eq!(project.reporter(&report), Some(project.first()));
    for other in ["ci/test", "verified/tests/bot", "verified/test", "test/bot"] {
        assert_eq!(project.reporter(other), None, "{other}");
    }
}

#[test]
fn environments_are_in_the_order_of_promotion() {
    let project = read(ENVIRONMENTS, "").unwrap();
    let [test, trial, live] = project.environments() else {
        panic!("{project:?}")
    };
    assert_eq!((project.first(), project.last()), (test, live));
    assert_eq!(project.before(test), None);
    assert_eq!(project.before(trial), Some(test));
    assert_eq!(project.before(live), Some(trial));
    assert_eq!(project.after(test), Some(trial));
    assert_eq!(project.after(trial), Some(live));
    assert_eq!(project.after(live), None);
    assert!(test.builds() && !trial.builds() && !live.builds());
    assert_eq!((test.nodes(), live.nodes()), (2, 1));
    assert_eq!((test.verifies(), live.verifies()), (true, false));
    assert_eq!((test.cluster(), test.stack()), ("loop-test", "board-test"));
    assert_eq!(project.released_from("main"), Some(test));
    assert_eq!(project.released_from("other"), None);
}

#[test]
fn an_app_has_a_place_for_each_environment() {
    let project = read(ENVIRONMENTS, &app("bot")).unwrap();
    let bot = project.app("bot").unwrap();
    assert_eq!(
        bot.overlay(project.first()),
        "infra/bot/overlays/test/kustomization.yaml"
    );
    assert_eq!(bot.containerfile(), "apps/bot/Containerfile");
    assert_eq!((bot.kind(), bot.package()), (Kind::Api, "p-bot"));
    assert!(bot.kind().has_service() && !Kind::Worker.has_service() && !Kind::Cron.has_service());
    assert!(!bot.migrates() && bot.browser_package().is_none() && bot.node_port().is_none());
}

#[test]
fn what_is_not_listed_is_refused_with_what_is() {
    let project = read(ENVIRONMENTS, &(app("one") + &app("two"))).unwrap();
    let error = project.app("three").unwrap_err().to_string();
    assert!(error.contains("`three`") && error.contains("one, two"), "{error}");
    let error = project.environment("staging").unwrap_err().to_string();
    assert!(
        error.contains("`staging`") && error.contains("test, trial, live"),
        "{error}"
    );
}

#[test]
fn a_kind_is_written_as_it_is_read() {
    for kind in Kind::ALL {
        let app = app("bot").replace("\"api\"", &format!("\"{kind}\""));
        let project = read(ENVIRONMENTS, &app).unwrap();
        assert_eq!(
            (project.apps()[0].kind(), Kind::named(kind.name())),
            (kind, Some(kind))
        );
    }
    assert_eq!(Kind::named("daemon"), None);
}

#[test]
fn a_copy_says_what_it_is_without() {
    assert!(read(ENVIRONMENTS, "").unwrap().without().is_empty());
    let text = format!("{HEAD}without = [\"e2e\"]\n{ENVIRONMENTS}");
    assert_eq!(Project::of_text(&text).unwrap().without(), ["e2e"]);
}

#[test]
fn a_kind_that_is_none_is_refused() {
    let daemon = app("bot").replace("\"api\"", "\"daemon\"");
    refused(ENVIRONMENTS, &daemon, &["kind", "daemon", "`worker`"]);
}

#[test]
fn a_key_that_nobody_reads_is_refused() {
    refused(
        ENVIRONMENTS,
        &(app("bot") + "replicas = 2\n"),
        &["replicas", "node-port"],
    );
    refused(
        &(ENVIRONMENTS.to_owned() + "color = \"red\"\n"),
        "",
        &["color", "branch"],
    );
}

#[test]
fn a_key_that_is_missing_is_named() {
    refused(
        ENVIRONMENTS,
        "[[apps]]\nname = \"bot\"\n",
        &["missing field `kind`"],
    );
}

#[test]
fn no_name_stands_for_two_things() {
    refused(
        ENVIRONMENTS,
        &(app("bot") + &app("bot")),
        &["apps[1].name", "apps[0].name", "another"],
    );
    let same = app("two").replace("p-two", "p-one");
    refused(
        ENVIRONMENTS,
        &(app("one") + &same),
        &["apps[1].package", "apps[0].package"],
    );
    let ports = app("one") + "node-port = 1\n" + &app("two") + "node-port = 1\n";
    refused(ENVIRONMENTS, &ports, &["apps[1].node-port", "apps[0].node-port"]);
    let twice = ENVIRONMENTS.replace("\"trial\"\nb", "\"test\"\nb");
    refused(&twice, "", &["environments[1].name", "environments[0].name"]);
}

#[test]
fn two_environments_never_share_a_branch() {
    let shared = ENVIRONMENTS.replace("branch = \"live\"", "branch = \"main\"");
    refused(
        &shared,
        "",
        &[
            "environments[2].branch",
            "\"main\"",
            "environments[0].branch",
            "a branch of its own",
        ],
    );
}

#[test]
fn a_first_environment_is_needed() {
    refused("environments = []\n", "", &["environments", "[[environments]]"]);
    refused("", "", &["environments"]);
}

#[test]
fn a_name_is_a_label_that_leaves_room_for_what_is_added() {
    for name in ["Bot", "1bot", "-bot", "bot-", "bot_1", "b.c", "bö", "b/c", ""] {
        refused(ENVIRONMENTS, &app(name), &["apps[0].name", "begin with a letter"]);
    }
    let longest = "a".repeat(63 - "-migrate-trial".len());
    assert!(read(ENVIRONMENTS, &app(&longest)).is_ok());
    refused(
        ENVIRONMENTS,
        &app(&(longest.clone() + "a")),
        &["apps[0].name", "50 characters", "at most 49"],
    );
    let short = "[[environments]]\nname = \"t\"\nbranch = \"main\"\n";
    refused(short, &app(&"a".repeat(53)), &["at most 52"]);
    let name = "e".repeat(64 - "loop-external-secrets-".len() + 1);
    let long = ENVIRONMENTS.replace("\"test\"", &format!("\"{name}\""));
    refused(&long, "", &["environments[0].name", "at most 42"]);
}

/// An overlay has the names without quotes.
#[test]
fn a_word_that_yaml_reads_as_no_text_is_no_name() {
    for name in ["null", "no", "on", "y"] {
        let environment = ENVIRONMENTS.replace("\"test\"", &format!("\"{name}\""));
        refused(&environment, "", &["environments[0].name", "no text in YAML"]);
        refused(ENVIRONMENTS, &app(name), &["apps[0].name", "choose another"]);
    }
}

#[test]
fn a_name_that_is_somebody_elses_is_refused() {
    for name in [
        "platform",
        "apps",
        "root",
        "argocd",
        "hub",
        "clusters",
        "kube-system",
    ] {
        refused(
            ENVIRONMENTS,
            &app(name),
            &["apps[0].name", "is reserved", "choose another"],
        );
    }
    for name in ["base", "shared", "local", "default", "hub", "next-hub"] {
        let reserved = ENVIRONMENTS.replace("\"test\"", &format!("\"{name}\""));
        refused(&reserved, "", &["environments[0].name", "is reserved"]);
    }
}

#[test]
fn a_namespace_of_somebody_else_is_no_name_of_an_application() {
    for name in ["argocd", "default", "kube-public"] {
        for key in ["name = \"loop\"", "application = \"board\""] {
            let (part, _) = key.split_once(' ').unwrap();
            let head = HEAD.replace(key, &format!("{part} = \"{name}\""));
            let error = Project::of_text(&format!("{head}{ENVIRONMENTS}"))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(&format!("{part} = \"{name}\"")) && error.contains("is reserved"),
                "{error}"
            );
        }
    }
}

#[test]
fn a_branch_can_be_pushed_and_is_no_proposal() {
    for (branch, says) in [
        ("", "no name of a branch"),
        ("HEAD", "no name of a branch"),
        ("qa/", "no name of a branch"),
        ("qa//one", "no name of a branch"),
        ("qa/.one", "no name of a branch"),
        ("qa.", "no name of a branch"),
        ("qa.lock", "no name of a branch"),
        ("release", "without release/"),
        ("a b", "no name"),
        ("a..b", "no name"),
        ("release/x", "proposals"),
    ] {
        let wrong = ENVIRONMENTS.replace("\"main\"", &format!("\"{branch}\""));
        refused(&wrong, "", &["environments[0].branch", says]);
    }
}

#[test]
fn a_folder_is_one_of_the_repository() {
    for folder in ["", "/bot", "../bot", "apps/../bot", "apps/"] {
        let wrong = app("bot").replace("apps/bot", folder);
        refused(ENVIRONMENTS, &wrong, &["apps[0].folder", "from the top"]);
    }
}

#[test]
fn a_folder_without_the_file_is_an_error_with_a_path() {
    let error = Project::load(Path::new("/nonexistent")).unwrap_err().to_string();
    assert!(
        error.contains("/nonexistent/project.toml") && error.contains("checkout"),
        "{error}"
    );
}
