//! GitHub's tokens in both forms of their subject: the name alone, and since 2026-07-15 the name
//! with GitHub's own numbers.

use cloud::intrinsic::Given;
use cloud::template::Template;
use cloud::tools;

use super::{AWS, GITHUB, GITLAB, judged};

pub(super) const NUMBERED: &str = "repo:someone@1234/board@567890";
pub(super) const NAMED: &str = "repo:someone/board";
/// What may push images: the branch of each environment, the first one's first, and versions.
pub(super) fn let_in() -> Vec<String> {
    let environments = tools::project().environments().iter();
    let branches = environments.map(|environment| format!("ref:refs/heads/{}", environment.branch()));
    branches.chain(["ref:refs/tags/v1.2.3".to_owned()]).collect()
}
/// What else a token of the same repository may be about: `FIRST` is the branch of the first
/// environment, and `SHOUTED` that in capitals.
const REFUSED: &[&str] = &[
    "ref:refs/heads/topic",
    "ref:refs/heads/SHOUTED",
    "ref:refs/heads/v1.2.3",
    "ref:refs/heads/FIRST-2",
    "ref:refs/heads/x/FIRST",
    "ref:refs/tags/nightly",
    "ref:refs/tags/V1",
    "ref:refs/tags/FIRST",
    "ref:refs/pull/1/merge",
    "pull_request",
    "environment:production",
    "environment:ref:refs/heads/FIRST",
    "ref:refs/heads/FIRST:job_workflow_ref:someone/board/.github/workflows/x.yaml@refs/heads/FIRST",
    "",
];
/// Who is someone else, each a neighbour of `someone@1234/board@567890`.
pub(super) const STRANGERS: &[&str] = &[
    // The same name with another number: whoever took the name over.
    "repo:someone@1235/board@567890",
    "repo:someone@1234/board@567891",
    "repo:someone@1235/board@567891",
    // The same number under another name: moved or renamed, so no longer what was named.
    "repo:stranger@1234/board@567890",
    "repo:someone@1234/other@567890",
    "repo:stranger@1234/other@567890",
    // Numbers that are missing, changed about, or only begin or end so.
    "repo:someone/board@567890",
    "repo:someone@1234/board",
    "repo:someone@/board@",
    "repo:someone@567890/board@1234",
    "repo:someone@12345/board@567890",
    "repo:someone@1234/board@5678901",
    "repo:someone@123/board@567890",
    "repo:someone@1234/board@56789",
    "repo:someone@01234/board@567890",
    // Names that only begin so, or are written otherwise.
    "repo:someone@1234/board-copy@567890",
    "repo:someone-else@1234/board@567890",
    "repo:Someone@1234/board@567890",
    "repo:someone@1234/Board@567890",
    "REPO:someone@1234/board@567890",
    "repo:someone-1234/board-567890",
    "repo:1234/567890",
    "repo:*",
    "repo:someone@*/board@*",
];
pub(super) const BY_NAME: &[(&str, &str)] = &[("GitHubImmutableSubject", "no")];

fn gets_in(more: &Given<'_>, issuer: &str, aud: &str, sub: &str) -> bool {
    judged(more, "GitHubRole", issuer, aud, sub)
}

pub(super) fn subject(repository: &str, about: &str) -> String {
    format!("{repository}:{about}")
}

#[test]
fn branches_and_versions_push_in_the_one_form_that_is_trusted() {
    for about in &let_in() {
        let (numbered, named) = (subject(NUMBERED, about), subject(NAMED, about));
        assert!(gets_in(&[], GITHUB, AWS, &numbered), "{numbered}");
        assert!(!gets_in(&[], GITHUB, AWS, &named), "{named}");
        assert!(gets_in(BY_NAME, GITHUB, AWS, &named), "{named}");
        assert!(!gets_in(BY_NAME, GITHUB, AWS, &numbered), "{numbered}");
    }
}

#[test]
fn nothing_else_of_the_repository_gets_in() {
    let first = tools::project().first().branch();
    for about in REFUSED {
        let about = about.replace("FIRST", first);
        let about = about.replace("SHOUTED", &first.to_uppercase());
        for (more, repository) in [(&[][..], NUMBERED), (BY_NAME, NAMED)] {
            let subject = subject(repository, &about);
            assert!(!gets_in(more, GITHUB, AWS, &subject), "{subject}");
        }
    }
}

#[test]
fn no_neighbour_gets_in() {
    for stranger in STRANGERS {
        for about in &let_in() {
            let subject = subject(stranger, about);
            for more in [&[][..], BY_NAME] {
                assert!(!gets_in(more, GITHUB, AWS, &subject), "{subject}");
            }
        }
    }
}

#[test]
fn by_name_no_other_name_gets_in() {
    for stranger in [
        "repo:stranger/board",
        "repo:someone/board-copy",
        "repo:someone/other",
        "repo:Someone/Board",
        "repo:someone",
        "repo:someone/board/",
    ] {
        let subject = subject(stranger, &let_in()[0]);
        assert!(!gets_in(BY_NAME, GITHUB, AWS, &subject), "{subject}");
    }
}

#[test]
fn another_issuer_or_audience_gets_nobody_in() {
    for (more, repository) in [(&[][..], NUMBERED), (BY_NAME, NAMED)] {
        let own = subject(repository, &let_in()[0]);
        for (issuer, aud) in [
            (GITHUB, "https://github.com/someone"),
            (GITHUB, "sigstore"),
            (GITLAB, AWS),
            ("token.actions.someone.ghe.com", AWS),
            ("github.example.com/_services/token", AWS),
        ] {
            assert!(!gets_in(more, issuer, aud, &own), "{issuer} {aud}");
        }
    }
}

#[test]
fn without_both_numbers_there_is_no_role() {
    let access = Template::read("access").unwrap();
    let board = ("GitHubRepository", "someone/board");
    let is_there = |given: &Given<'_>| access.condition("GitHub", given).unwrap();
    let (owner, repository) = (("GitHubOwnerId", "1"), ("GitHubRepositoryId", "2"));
    for half in [
        &[board][..],
        &[board, owner],
        &[board, repository],
        &[owner, repository],
        &[owner, repository, BY_NAME[0]],
    ] {
        assert!(!is_there(half), "{half:?}");
    }
    assert!(is_there(&[board, owner, repository]));
    assert!(is_there(&[board, BY_NAME[0]]));
    assert_eq!(
        access.value["Resources"]["GitHubRole"]["Condition"], "GitHub",
        "the role is there without its condition"
    );
}

#[test]
fn a_number_takes_nothing_that_stands_for_others() {
    let access = Template::read("access").unwrap();
    for name in ["GitHubOwnerId", "GitHubRepositoryId"] {
        let pattern = access.value["Parameters"][name]["AllowedPattern"].as_str();
        assert_eq!(pattern, Some("([1-9][0-9]*)?"), "{name}");
    }
    let forms = &access.value["Parameters"]["GitHubImmutableSubject"];
    // In quotes: bare, YAML 1.1 reads both as booleans.
    assert_eq!(forms["AllowedValues"], serde_json::json!(["yes", "no"]));
    assert_eq!(forms["Default"], "yes");
}
