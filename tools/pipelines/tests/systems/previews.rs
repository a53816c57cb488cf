//! Pull requests that somebody has labelled: what GitHub and GitLab run for them.

use pipelines::System;

use crate::aws;
use crate::fixture::{REPOSITORY, Site};
use crate::project;
use crate::source::Source;
use crate::stand_ins::{StandIns, TOKEN};

const SYSTEMS: [System; 2] = [System::Github, System::Gitlab];

/// All that runs for a pull request, by name: of previews this, and what GitLab's file has besides.
fn jobs(system: System, of_previews: &[&'static str]) -> Vec<&'static str> {
    let besides: &[&str] = &[
        "difference", // wing: diff
    ];
    let besides: &[&str] = if system == System::Gitlab { besides } else { &[] };
    [besides, of_previews].concat()
}

/// What has run, by name.
fn sorted(mut ran: Vec<String>) -> Vec<String> {
    ran.sort();
    ran
}

#[tokio::test]
async fn a_labelled_pull_request_has_images_by_its_commit_in_the_folder_of_previews() {
    let source = Source::of_work_tree();
    let project = project();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        stand_ins.lack(&source.commit);
        let mut site = Site::new(system, &source, &stand_ins);
        if system == System::Gitlab {
            // A protected variable, which GitLab gives to no run of a merge request.
            site.project.secrets.remove("FORGE_TOKEN");
        }
        let outcome = site.run_for_pull_request(&["docs", "preview"], REPOSITORY).await;
        assert_eq!(outcome.failure, None, "{system:?}:\n{}", site.said());
        let (ran, wanted) = (sorted(outcome.ran), jobs(system, &["preview"]));
        assert_eq!(ran, wanted, "{system:?}:\n{}", site.said());
        let tagged = stand_ins.versions().into_iter();
        let tagged: Vec<_> = tagged.map(|(image, tag, _)| (image, tag)).collect();
        let image = |app: &project::App| (format!("preview/{}", app.name()), source.commit.clone());
        let mut wanted: Vec<_> = project.apps().iter().map(image).collect();
        wanted.sort();
        assert_eq!(tagged, wanted, "{system:?}");
        assert_eq!(
            site.branches(),
            [site.main.as_str()],
            "{system:?}: nothing is proposed"
        );
        for secret in [aws::PREVIEWS.password, TOKEN] {
            assert!(!site.said().contains(secret), "{system:?} shows a secret");
        }
    }
}

/// A preview is called by the head, so the head is what is built.
#[tokio::test]
async fn what_is_built_is_the_head_and_not_what_a_merge_would_be() {
    let source = Source::of_work_tree();
    for system in SYSTEMS {
        let stand_ins = StandIns::start().await;
        stand_ins.lack(&source.commit);
        let site = Site::new(system, &source, &stand_ins);
        let outcome = site.run_for_merged_pull_request(&["preview"], REPOSITORY).await;
        assert_eq!(outcome.failure, None, "{system:?}:\n{}", site.said());
        let tagged = stand_ins.versions().into_iter().map(|(_, tag, _)| tag);
        let tagged: std::collections::BTreeSet<_> = tagged.collect();
        assert_eq!(
            tagged,
            [source.commit.clone()].into(),
            "{system:?}:\n{}",
            site.said()
        );
    }
}

#[tokio::test]
async fn no_other_pull_request_is_built() {
    let source = Source::of_work_tree();
    for system in SYSTEMS {
        for (what, labels, from) in [
            ("without a label", &[][..], REPOSITORY),
            (
                "with a label that only begins so",
                &["preview-me"][..],
                REPOSITORY,
            ),
            ("of a fork", &["preview"][..], "somebody/name"),
        ] {
            let stand_ins = StandIns::start().await;
            let site = Site::new(system, &source, &stand_ins);
            let outcome = site.run_for_pull_request(labels, from).await;
            let ran = sorted(outcome.ran);
            assert_eq!(ran, jobs(system, &[]), "{system:?}, {what}:\n{}", site.said());
            assert!(stand_ins.versions().is_empty(), "{system:?}, {what}");
        }
    }
}

// wing: diff
#[tokio::test]
async fn a_merge_request_shows_what_it_does_to_each_environment_and_is_given_no_token() {
    let project = project();
    let (app, first) = (&project.apps()[0], project.first());
    let line = "# One that a reviewer sees.";
    let source = Source::with_a_line_more(&app.overlay(first), line);
    let stand_ins = StandIns::start().await;
    let mut site = Site::new(System::Gitlab, &source, &stand_ins);
    site.project.secrets.clear();
    let outcome = site.run_for_pull_request(&[], REPOSITORY).await;
    assert_eq!(outcome.failure, None, "{}", site.said());
    assert_eq!(outcome.ran, ["difference"], "{}", site.said());
    let shown = site.file(".gitlab-ci-local/artifacts/difference/diff.md");
    let shown = std::fs::read_to_string(shown).expect("the job leaves it");
    assert!(shown.starts_with(&format!("### {app}-{first}\n")), "{shown}");
    assert!(shown.contains(&format!("\n+{line}\n")), "{shown}");
    let others = shown.split_once("\nUnchanged: ").map_or("", |(_, others)| others);
    let other = format!("{app}-{}", project.last());
    assert!(
        others.contains(&other) && !others.contains(&format!("{app}-{first}")),
        "{shown}"
    );
}
// end of wing
