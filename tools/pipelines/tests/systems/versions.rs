//! Tags of versions: what GitHub and GitLab run for them.

use pipelines::System;

use crate::fixture::Site;
use crate::project;
use crate::runs::proposed; // wing: versions
use crate::source::Source;
use crate::stand_ins::{StandIns, digest};

#[tokio::test]
async fn a_tag_names_the_images_of_its_commit_and_stays() {
    let source = Source::of_work_tree();
    let stand_ins = StandIns::start().await;
    let site = Site::new(System::Github, &source, &stand_ins);
    let jobs = [
        "tag", "follow", // wing: versions
    ];
    for _ in ["first", "again"] {
        let outcome = site.run_for_tag("v1.2.3").await;
        assert_eq!(
            (outcome.failure, outcome.ran),
            (None, jobs.map(str::to_owned).to_vec()),
            "{}",
            site.said()
        );
        let versions = stand_ins.versions();
        let tagged: Vec<_> = versions
            .iter()
            .map(|(app, tag, _)| (app.as_str(), tag.as_str()))
            .collect();
        let project = project();
        let apps = project.apps().iter().map(|app| (app.name(), "v1.2.3"));
        assert!(tagged.iter().copied().eq(apps), "{tagged:?}");
        for (app, _, tagged) in &versions {
            // What the manifest is known by under its content's tag.
            let content = tagged.get(7..47).expect("a digest of the stand-in");
            assert_eq!(*tagged, digest(app, content));
        }
    }
    assert!(site.said().contains("is there"), "{}", site.said());
    assert_eq!(site.branches(), [site.main.as_str()], "nothing is written to Git");

    let versions = stand_ins.versions();
    let outcome = site.run_for_tag("vnext").await;
    assert!(outcome.failure.is_some(), "{}", site.said());
    assert!(site.said().contains("vnext is not a version"), "{}", site.said());

    let source = format!("{}/src/main.rs", project().apps()[0].folder());
    let other = Source::with_change(&source);
    let site = Site::new(System::Github, &other, &stand_ins);
    let outcome = site.run_for_tag("v1.2.3").await;
    assert!(outcome.failure.is_some(), "{}", site.said());
    assert!(site.said().contains("take the next one"), "{}", site.said());
    assert_eq!(stand_ins.versions(), versions, "a version stays what it is");
}

// wing: versions
#[tokio::test]
async fn a_tag_is_proposed_to_the_environment_that_follows_versions() {
    let (source, project) = (Source::with_a_follower(), project());
    let branch = format!("release/{}-{}", project.last(), &source.commit[..10]);
    let mut pushed = Vec::new();
    for system in [System::Github, System::Gitlab] {
        let stand_ins = StandIns::start().await;
        let site = Site::new(system, &source, &stand_ins);
        let main = site.main.as_str();
        // Of another range: the images get the tag, and nobody is proposed them.
        for (tag, branches) in [("v2.0.0", vec![main]), ("v1.2.3", vec![main, &branch])] {
            let outcome = site.run_for_tag(tag).await;
            assert_eq!(outcome.failure, None, "{system:?}:\n{}", site.said());
            assert_eq!(site.branches(), branches, "{system:?}:\n{}", site.said());
        }
        let wanted = [(branch.clone(), site.main.clone())];
        assert_eq!(proposed(&site, &stand_ins), wanted, "{system:?}");
        let overlays = project.apps().iter().map(|app| app.overlay(project.last()));
        let changed = site.remote(&["diff", "--name-only", &site.main, &branch]);
        assert!(changed.lines().eq(overlays), "{system:?}: {changed}");
        let message = site.remote(&["show", "--no-patch", "--format=%B", &branch]);
        assert!(message.contains("Version: v1.2.3"), "{message}");
        pushed.push(site.remote(&["show", "--no-patch", "--format=%T %H", &branch]));
    }
    assert_eq!(pushed[0], pushed[1]);
}
// end of wing
