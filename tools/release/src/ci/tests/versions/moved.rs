//! A version whose tag was moved, in the registry, in Git, or in both.

use super::Tagging;
use crate::ci::tests::propose::heads;

/// What is said of v1.0.0, which must write nothing.
fn refused(tagging: &Tagging, says: &[&str]) {
    let before = (heads(&tagging.repository), tagging.forge.written());
    let error = tagging.follow("^1").expect_err("a tag that was moved");
    let error = format!("{error:#}");
    for words in says {
        assert!(error.contains(words), "`{words}` is missing: {error}");
    }
    assert_eq!((heads(&tagging.repository), tagging.forge.written()), before);
}

#[test]
fn a_tag_that_was_moved_is_refused_by_its_name() {
    for moved_in_git in [false, true] {
        let tagging = Tagging::new();
        let [first, second] = ["1", "2"].map(|content| tagging.built(content));
        tagging.version("v1.0.0", &first);
        if moved_in_git {
            tagging.tag("v1.0.0", &second);
        } else {
            tagging.name("v1.0.0", &second, &["frontend"]);
        }
        let app = if moved_in_git { "backend" } else { "frontend" };
        refused(&tagging, &[&format!("loop/{app}:v1.0.0 is sha256:"), "was moved"]);
    }
}

#[test]
fn a_version_that_was_released_is_no_other_commit_later() {
    let tagging = Tagging::new();
    let first = tagging.released("v1.0.0", "1");
    let second = tagging.built("2");
    tagging.version("v1.0.0", &second);
    refused(
        &tagging,
        &[
            &format!("v1.0.0 was released to production as commit {first}"),
            &format!("the tag is on commit {second} now"),
        ],
    );
}

#[test]
fn a_version_without_the_image_of_its_content_is_refused() {
    let tagging = Tagging::new();
    let commit = tagging.built("1");
    tagging.version("v1.0.0", &commit);
    // A rule of the registry has removed the tag, or nobody has signed the image.
    let content = tagging.content(&commit, "backend");
    let key = ("backend".to_owned(), content.clone());
    tagging.registry.0.lock().unwrap().remove(&key);
    refused(&tagging, &["loop/backend:v1.0.0", &content, "ci push"]);
}
