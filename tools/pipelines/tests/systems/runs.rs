//! Each file is run by its runner for a push of the same commit; what they bring to Git is
//! compared.

use pipelines::System;
use serde_json::Value;

use crate::aws;
use crate::fixture::{Site, behind};
use crate::project;
use crate::source::Source;
use crate::stand_ins::{StandIns, TOKEN};

pub(crate) const SYSTEMS: [System; 3] = [System::Codebuild, System::Github, System::Gitlab];

/// All that must run, so that a runner which skips in silence is seen.
pub(crate) fn expected(system: System) -> &'static [&'static str] {
    match system {
        System::Codebuild => &["install", "pre_build", "build", "post_build"],
        System::Github => &["deliver"],
        System::Gitlab => &["build", "update_manifest", "open_MR"],
    }
}

#[tokio::test]
async fn all_three_systems_push_the_same_commit() {
    let project = project();
    let source = Source::of_work_tree();
    let branch = format!("release/staging-{}", &source.commit[..10]);
    let mut pushed = Vec::new();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        let site = Site::new(system, &source, &stand_ins);
        let outcome = site.run().await;
        assert_eq!(outcome.failure, None, "{system:?}:\n{}", site.said());
        assert_eq!(outcome.ran, expected(system), "{system:?}:\n{}", site.said());
        assert_eq!(
            site.branches(),
            [site.main.as_str(), branch.as_str()],
            "{system:?}"
        );
        assert_eq!(site.remote(&["rev-parse", &format!("{branch}^")]), source.commit);
        let changed = site.remote(&["diff", "--name-only", &site.main, &branch]);
        let overlays = project.apps().iter().map(|app| app.overlay(project.first()));
        assert!(changed.lines().eq(overlays), "{system:?}: {changed}");
        assert_eq!(
            proposed(&site, &stand_ins),
            [(branch.clone(), site.main.clone())],
            "{system:?}"
        );
        if system == System::Gitlab {
            // The stage before showed the very commit: a patch begins with its hash.
            let commit = site.remote(&["rev-parse", &branch]);
            assert!(site.said().contains(&format!("From {commit}")), "{}", site.said());
        }
        for secret in [aws::RELEASES.password, TOKEN] {
            assert!(
                !site.said().contains(secret),
                "{system:?} shows a secret in its log"
            );
        }
        let ids = site.remote(&["show", "--no-patch", "--format=%T %H", &branch]);
        pushed.push((system, ids));
    }
    let (_, first) = &pushed[0];
    for (system, ids) in &pushed {
        assert_eq!(
            ids, first,
            "{system:?} pushed another tree or commit than {:?}",
            pushed[0].0
        );
    }
}

/// A password of several lines, as Google's registry takes one of the user `_json_key`.
const KEY: &str = "{\n  \"type\": \"service_account\",\n\n  \"private_key\": \"of nobody\"\n}";

#[tokio::test]
async fn a_password_of_several_lines_opens_the_registry_on_github_and_is_not_shown() {
    let source = Source::of_work_tree();
    let stand_ins = StandIns::start().await;
    stand_ins.know("_json_key", KEY);
    let mut site = Site::new(System::Github, &source, &stand_ins);
    let project = &mut site.project;
    let user = ("REGISTRY_USER".to_owned(), "_json_key".to_owned());
    let password = ("REGISTRY_PASSWORD".to_owned(), KEY.to_owned());
    project.settings.extend([user]);
    project.secrets.extend([password]);
    let outcome = site.run().await;
    assert_eq!(outcome.failure, None, "{}", site.said());
    assert_eq!(outcome.ran, expected(System::Github), "{}", site.said());
    // A brace is in every log.
    for line in KEY.lines().map(str::trim).filter(|line| line.len() > 1) {
        assert!(!site.said().contains(line), "{line} is shown:\n{}", site.said());
    }
}

#[tokio::test]
async fn with_manifests_elsewhere_all_three_write_there_alone() {
    let source = Source::without_manifests();
    let branch = format!("release/staging-{}", &source.commit[..10]);
    let mut trees = Vec::new();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        let mut site = Site::new(system, &source, &stand_ins);
        site.move_manifests();
        let outcome = site.run().await;
        assert_eq!(
            (outcome.failure, outcome.ran.as_slice()),
            (None, strings(expected(system)).as_slice()),
            "{system:?}:\n{}",
            site.said()
        );
        assert_eq!(site.branches_of_source(), [site.main.as_str()], "{system:?}");
        assert_eq!(
            site.branches(),
            [site.main.as_str(), branch.as_str()],
            "{system:?}"
        );
        let message = site.remote(&["show", "--no-patch", "--format=%B", &branch]);
        assert!(
            message.contains(&format!("Source: {}", source.commit)),
            "{message}"
        );
        trees.push(site.remote(&["rev-parse", &format!("{branch}^{{tree}}")]));
    }
    assert!(trees.iter().all(|tree| *tree == trees[0]), "{trees:?}");
}

/// The job (on CodeBuild: the last phase) that proposes when staging has reported something.
fn for_a_report(system: System) -> &'static str {
    match system {
        System::Codebuild => "post_build",
        System::Github | System::Gitlab => "advance",
    }
}

#[tokio::test]
async fn all_three_systems_wait_for_staging_and_propose_the_same_once_it_has_reported() {
    let (source, project) = (Source::with_a_gate(), project());
    let report = project.first().report_on("frontend");
    let branch =
        |environment: &project::Environment| format!("release/{environment}-{}", &source.commit[..10]);
    let mut pushed = Vec::new();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        let site = Site::new(system, &source, &stand_ins);
        assert_eq!(site.run().await.failure, None, "{system:?}:\n{}", site.said());
        site.release(&branch(project.first()));
        for state in ["pending", "success"] {
            stand_ins.report(state);
            let outcome = site.run_for_report(&report).await;
            let said = site.said();
            assert_eq!(outcome.failure, None, "{system:?}:\n{said}");
            assert_eq!(
                outcome.ran.last().map(String::as_str),
                Some(for_a_report(system)),
                "{said}"
            );
            let waits = said.contains("waiting   frontend: staging was given it by commit");
            assert!(waits || state == "success", "{system:?}:\n{said}");
            let is_proposed = site.branches().contains(&branch(&behind()));
            assert_eq!(is_proposed, state == "success", "{system:?}:\n{said}");
        }
        pushed.push(site.remote(&["show", "--no-patch", "--format=%T %s", &branch(&behind())]));
    }
    assert!(pushed.iter().all(|commit| *commit == pushed[0]), "{pushed:?}");
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_codebuild_is_told_to_keep_is_there() {
    let source = Source::of_work_tree();
    let stand_ins = StandIns::start().await;
    let site = Site::new(System::Codebuild, &source, &stand_ins);
    let spec = std::fs::read_to_string(site.file(System::Codebuild.file())).expect("read the buildspec");
    let spec: Value = serde_saphyr::from_str(&spec).expect("YAML");
    let report = &spec["reports"]["deliver"];
    let place = report["base-directory"].as_str().expect("a folder").to_owned();
    assert_eq!(report["files"], serde_json::json!(["*.xml"]));
    let artifacts = spec["artifacts"]["files"].as_array().expect("a list");
    assert!(!artifacts.is_empty());

    assert_eq!(site.run().await.failure, None, "{}", site.said());
    for verb in ["plan", "build", "push", "propose"] {
        let file = site.file(&place).join(format!("{verb}.xml"));
        let text = std::fs::read_to_string(&file).expect("each verb leaves a report");
        assert!(
            text.contains("failures=\"0\"") && text.contains(&format!("name=\"{verb}\"")),
            "{text}"
        );
    }
    for file in artifacts {
        assert!(
            site.file(file.as_str().expect("a path")).is_file(),
            "{file} is not there"
        );
    }
}

/// Source and target of each proposal, by the forge's API or by what GitLab is told with a push.
pub(crate) fn proposed(site: &Site, stand_ins: &StandIns) -> Vec<(String, String)> {
    let branch = |side: &Value| side["ref"].as_str().unwrap_or_default().to_owned();
    let by_api = stand_ins.pull_requests();
    let by_api = by_api
        .iter()
        .map(|proposal| (branch(&proposal["head"]), branch(&proposal["base"])));
    let options = site.push_options();
    let asked = options.contains(&"merge_request.create".to_owned());
    let target = options
        .iter()
        .find_map(|option| option.strip_prefix("merge_request.target="));
    let source = site.branches().into_iter().find(|branch| *branch != site.main);
    let by_push = asked.then(|| (source.unwrap_or_default(), target.unwrap_or_default().to_owned()));
    by_api.chain(by_push).collect()
}
