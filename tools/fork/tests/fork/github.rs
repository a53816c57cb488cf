//! GitHub's own numbers for owner and repository: asked from an API that a server on this machine
//! stands in for.

use std::sync::Arc;
use std::thread::JoinHandle;

use tiny_http::{Header, Response, Server};

use crate::checkout::{Checkout, NUMBERS, PARAMETERS, POLICY, REPOSITORY, said};

const TO: [&str; 2] = ["--repository", REPOSITORY];
const NEW: &str = r#"{"id": 345, "full_name": "nobody/nothing", "created_at": "2026-07-15T00:00:00Z", "owner": {"id": 12}}"#;
const OLD: &str = r#"{"id": 345, "full_name": "nobody/nothing", "created_at": "2026-07-14T23:59:59Z", "owner": {"id": 12}}"#;

/// Who answers: the repository, and where a token comes along, what is chosen for its subject.
struct Api {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
}

impl Api {
    fn answers(repository: (u16, &'static str), chosen: (u16, &'static str)) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("listen"));
        let listening = server.clone();
        let thread = std::thread::spawn(move || {
            for request in listening.incoming_requests() {
                let authorized = request.headers().iter().any(|header| {
                    header.field.equiv("Authorization") && header.value.as_str() == "Bearer key"
                });
                let (status, text) = match request.url() {
                    "/repos/nobody/nothing" => repository,
                    "/repos/nobody/nothing/actions/oidc/customization/sub" if authorized => chosen,
                    _ => (404, r#"{"message": "Not Found"}"#),
                };
                let json = Header::from_bytes("Content-Type", "application/json").expect("a header");
                let answer = Response::from_string(text)
                    .with_status_code(status)
                    .with_header(json);
                let _ = request.respond(answer);
            }
        });
        Self {
            server,
            thread: Some(thread),
        }
    }

    fn of_the_public(repository: &'static str) -> Self {
        Self::answers((200, repository), (404, "{}"))
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.server_addr())
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.server.unblock();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The parameters that say whom to trust, each as its line has it.
fn trusted(checkout: &Checkout) -> [String; 4] {
    let text = checkout.read(PARAMETERS);
    [
        "GitHubRepository",
        "GitHubOwnerId",
        "GitHubRepositoryId",
        "GitHubImmutableSubject",
    ]
    .map(|name| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name} = ")));
        line.expect("each parameter has a line")
            .trim_matches('"')
            .to_owned()
    })
}

const NUMBERED: [&str; 4] = ["nobody/nothing", "12", "345", "yes"];
const NAMED: [&str; 4] = ["nobody/nothing", "", "", "no"];

#[test]
fn the_numbers_are_asked_from_github() {
    let (checkout, api) = (Checkout::of_git(), Api::of_the_public(NEW));
    let said = checkout.fork(&[&TO[..], &["--github-api", &api.url()]].concat());
    assert!(said.contains("repo:nobody@12/nothing@345"), "{said}");
    assert_eq!(trusted(&checkout), NUMBERED);
    let policy = checkout.read(POLICY);
    assert!(
        policy.contains("subject: https://github.com/nobody/nothing/.github/workflows/"),
        "{policy}"
    );
}

#[test]
fn what_the_repository_has_chosen_counts_where_github_tells_it() {
    for (repository, chosen, expected) in [
        (
            OLD,
            r#"{"use_default": true, "use_immutable_subject": false}"#,
            NAMED,
        ),
        (
            OLD,
            r#"{"use_default": true, "use_immutable_subject": true}"#,
            NUMBERED,
        ),
        (
            NEW,
            r#"{"use_default": true, "use_immutable_subject": true}"#,
            NUMBERED,
        ),
        (NEW, r#"{"use_default": true}"#, NUMBERED),
    ] {
        for variable in ["GH_TOKEN", "GITHUB_TOKEN"] {
            let checkout = Checkout::of_git();
            let api = Api::answers((200, repository), (200, chosen));
            let mut fork = checkout.command(&TO);
            fork.env("GITHUB_API_URL", api.url()).env(variable, "key\n");
            said(fork.output().expect("run xtask")).expect(chosen);
            assert_eq!(trusted(&checkout), expected, "{chosen}");
        }
    }
}

#[test]
fn options_say_it_where_github_cannot_be_asked() {
    let choice = |chosen: &'static str| ["--github-immutable-subject", chosen];
    for (more, expected) in [
        (NUMBERS.to_vec(), NUMBERED),
        ([&NUMBERS[..], &choice("yes")].concat(), NUMBERED),
        ([&NUMBERS[..], &choice("no")].concat(), NAMED),
        (choice("no").to_vec(), NAMED),
    ] {
        let checkout = Checkout::of_git();
        checkout.fork(&[&TO[..], &more].concat());
        assert_eq!(trusted(&checkout), expected, "{more:?}");
        // Alone, for the repository that is named already.
        checkout.fork(&choice("no"));
        assert_eq!(trusted(&checkout), NAMED);
        checkout.fork(&NUMBERS);
        assert_eq!(trusted(&checkout), NUMBERED);
    }
}

#[test]
fn where_github_does_not_say_nothing_is_written() {
    let renamed = r#"{"id": 345, "full_name": "nobody/everything", "created_at": "2026-08-01T00:00:00Z", "owner": {"id": 12}}"#;
    let cased = r#"{"id": 345, "full_name": "Nobody/Nothing", "created_at": "2026-08-01T00:00:00Z", "owner": {"id": 12}}"#;
    let none = (404, "{}");
    for (repository, chosen, words) in [
        ((200, OLD), none, "--github-immutable-subject"),
        ((200, renamed), none, "https://github.com/nobody/everything.git"),
        ((200, cased), none, "https://github.com/Nobody/Nothing.git"),
        ((404, "{}"), none, "GH_TOKEN"),
        ((401, "{}"), none, "refuses the token"),
        ((403, "{}"), none, "number of requests"),
        ((500, "oops"), none, "500"),
        ((200, "<html>"), none, "is not GitHub's API"),
        ((200, r#"{"id": 345}"#), none, "is not GitHub's API"),
        ((200, NEW), (200, r#"{"use_default": false}"#), "use_default=true"),
    ] {
        let checkout = Checkout::of_git();
        let api = Api::answers(repository, chosen);
        let mut fork = checkout.command(&TO);
        fork.env("GITHUB_API_URL", api.url());
        if chosen.0 == 200 {
            fork.env("GH_TOKEN", "key");
        }
        let error = checkout.refusal_of(&mut fork);
        assert!(error.contains(words), "{words}: {error}");
        assert!(
            error.contains("gh api") || error.contains("--repository https"),
            "{error}"
        );
    }
}

#[test]
fn without_an_answer_the_command_that_prints_the_numbers_is_named() {
    let checkout = Checkout::of_git();
    let error = checkout.refusal(&TO);
    assert!(error.contains("gh api repos/nobody/nothing --jq"), "{error}");
    for half in [&NUMBERS[..2], &NUMBERS[2..]] {
        let error = checkout.refusal(&[&TO[..], half].concat());
        assert!(error.contains("belong together"), "{error}");
    }
}

#[test]
fn what_has_no_numbers_on_github_is_refused() {
    let checkout = Checkout::of_git();
    let elsewhere = ["--repository", "https://gitlab.com/nobody/nothing.git"];
    let error = checkout.refusal(&[&elsewhere[..], &NUMBERS].concat());
    assert!(error.contains("is not on GitHub"), "{error}");
    for wrong in ["0", "1x", "*", "", "-1", "1@2"] {
        let id = format!("--github-owner-id={wrong}");
        checkout.refusal(&[&TO[..], &[&id], &NUMBERS[2..]].concat());
    }
    for name in ["nobody", "nobody/nothing/more", "no*/nothing"] {
        let address = format!("https://github.com/{name}.git");
        let error = checkout.refusal(&[&["--repository", &address][..], &NUMBERS].concat());
        assert!(error.contains("owner/name"), "{error}");
    }
}
