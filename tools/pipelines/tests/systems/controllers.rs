//! The image of a controller, for which a person starts CI.

use pipelines::System;

use crate::fixture::Site;
use crate::source::Source;
use crate::stand_ins::{CONTROLLER, StandIns, digest};

#[tokio::test]
async fn whoever_starts_ci_for_a_controller_gets_its_digest_from_all_three() {
    let source = Source::with_change(&format!("controllers/{CONTROLLER}/Containerfile"));
    let tag = format!("{:0<40}", &source.commit[..10]);
    let said = format!("digest    {}", digest(CONTROLLER, &tag));
    for system in [System::Codebuild, System::Github, System::Gitlab] {
        let stand_ins = StandIns::start().await;
        let site = Site::new(system, &source, &stand_ins);
        let outcome = site.run_for_controller(CONTROLLER).await;
        assert_eq!(outcome.failure, None, "{system:?}:\n{}", site.said());
        assert!(site.said().contains(&said), "{system:?}:\n{}", site.said());
        // CodeBuild has no other way to start than that of a push.
        if system != System::Codebuild {
            assert_eq!(outcome.ran, ["controller"], "{}", site.said());
            assert_eq!(
                site.branches(),
                [site.main.as_str()],
                "{system:?} has proposed something"
            );
        }
    }
}

#[tokio::test]
async fn a_push_builds_no_controller() {
    let source = Source::of_work_tree();
    for system in [System::Codebuild, System::Github, System::Gitlab] {
        let stand_ins = StandIns::start().await;
        let site = Site::new(system, &source, &stand_ins);
        let outcome = site.run().await;
        assert_eq!(outcome.failure, None, "{system:?}:\n{}", site.said());
        let began = site.said().contains("controller took");
        assert!(!began, "{system:?}:\n{}", site.said());
    }
}

#[tokio::test]
async fn a_controller_that_is_not_there_fails_the_run() {
    let source = Source::of_work_tree();
    for system in [System::Codebuild, System::Github, System::Gitlab] {
        let stand_ins = StandIns::start().await;
        let site = Site::new(system, &source, &stand_ins);
        let outcome = site.run_for_controller("none").await;
        assert!(outcome.failure.is_some(), "{system:?}:\n{}", site.said());
        assert!(
            site.said().contains("has no controller none"),
            "{system:?}:\n{}",
            site.said()
        );
    }
}
