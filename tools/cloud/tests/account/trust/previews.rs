//! Who pushes images of previews, and where to: nobody has reviewed it, so no release looks there.

use cloud::template::Template;
use cloud::tools;
use serde_json::json;

use super::github::{BY_NAME, NAMED, NUMBERED, STRANGERS, let_in, subject};
use super::{AWS, GITHUB, GITLAB, judged, lets_in};

const ROLES: [&str; 2] = ["GitHubPreviewRole", "GitLabPreviewRole"];

#[test]
fn only_pull_requests_push_images_of_previews() {
    let gets_in = |more, issuer, sub: &str| judged(more, "GitHubPreviewRole", issuer, AWS, sub);
    for (more, ours, other) in [(&[][..], NUMBERED, NAMED), (BY_NAME, NAMED, NUMBERED)] {
        assert!(gets_in(more, GITHUB, &subject(ours, "pull_request")));
        assert!(!gets_in(more, GITHUB, &subject(other, "pull_request")));
        assert!(!gets_in(more, GITLAB, &subject(ours, "pull_request")));
        for about in let_in() {
            assert!(!gets_in(more, GITHUB, &subject(ours, &about)), "{about}");
        }
        for stranger in STRANGERS {
            assert!(
                !gets_in(more, GITHUB, &subject(stranger, "pull_request")),
                "{stranger}"
            );
        }
    }
}

#[test]
fn only_branches_of_the_project_push_images_of_previews_from_gitlab() {
    let role = "GitLabPreviewRole";
    let first = tools::project().first().branch();
    for branch in ["topic", "feature/of-mine", first] {
        let subject = format!("project_path:group/board:ref_type:branch:ref:{branch}");
        assert!(lets_in(role, GITLAB, AWS, &subject), "{branch}");
        assert!(!lets_in(role, GITHUB, AWS, &subject), "{branch}");
        assert!(!lets_in(role, GITLAB, "https://gitlab.com", &subject), "{branch}");
    }
    for stranger in [
        "project_path:fork/board:ref_type:branch:ref:topic",
        "project_path:group/board-copy:ref_type:branch:ref:topic",
        "project_path:group/board:ref_type:tag:ref:v1.2.3",
        "project_path:group/board",
    ] {
        assert!(!lets_in(role, GITLAB, AWS, stranger), "{stranger}");
    }
}

#[test]
fn a_build_of_a_preview_may_push_where_no_release_looks() {
    let access = Template::read("access").unwrap();
    for role in ROLES {
        let role = &access.resources("AWS::IAM::Role")[role]["Properties"];
        assert!(role["Policies"].is_null());
        let attached = role["ManagedPolicyArns"].as_array().unwrap();
        let [attached] = attached.as_slice() else {
            panic!("{attached:?} are attached")
        };
        assert!(attached.to_string().contains("policy/${Project}-push-previews"));
    }
    let registry = Template::read("registry").unwrap();
    let policies = registry.resources("AWS::IAM::ManagedPolicy");
    let statements = policies["PushPreviews"]["Properties"]["PolicyDocument"]["Statement"].clone();
    for statement in statements.as_array().unwrap() {
        let password = statement["Action"] == "ecr:GetAuthorizationToken";
        let resource = statement["Resource"].to_string();
        assert!(
            password || resource.contains("repository/${Project}/preview/*"),
            "{statement}"
        );
    }
    // Otherwise it may do as much as who pushes for a release, or it could not push.
    let of_releases = &policies["Push"]["Properties"]["PolicyDocument"]["Statement"];
    for statement in [0, 1] {
        assert_ne!(statements[statement]["Action"], json!(null));
        assert_eq!(statements[statement]["Action"], of_releases[statement]["Action"]);
    }
}

#[test]
fn each_image_of_a_preview_can_have_a_repository_and_no_name_leads_out_of_the_folder() {
    let repository = Template::read("repository").unwrap();
    let pattern = repository.value["Parameters"]["App"]["AllowedPattern"]
        .as_str()
        .unwrap();
    let apps = tools::project().apps().iter();
    for app in apps.map(project::App::name).chain(["verifier"]) {
        for name in [app.to_owned(), format!("preview/{app}")] {
            assert!(is_whole(pattern, &name), "{name}");
        }
    }
    for name in [
        "",
        "/backend",
        "preview/",
        "preview//backend",
        "preview/../backend",
        "preview/a/backend",
        "Preview/backend",
    ] {
        assert!(!is_whole(pattern, name), "{name}");
    }
}

/// Whether a pattern fits the whole of a value, as CloudFormation asks for.
fn is_whole(pattern: &str, value: &str) -> bool {
    let home = tempfile::tempdir().unwrap();
    let mut python = tools::python(home.path()).unwrap();
    let fits = "import re, sys; sys.exit(re.fullmatch(*sys.argv[1:]) is None)";
    let output = python.args(["-c", fits, pattern, value]).output().unwrap();
    output.status.success()
}
