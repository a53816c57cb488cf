//! Registries that want a token, a password, or nothing: by a server on this machine that checks
//! what it is shown.

use tiny_http::{Header, Response};

use super::agent;
use super::refusals::registry_at;
use super::stub::Stub;
use super::token_registry::{BASIC, BOTH, DIGEST, DOCKER_HUB, PUSH, SEVERAL, Server, WITHOUT_SCOPE};
use crate::ci::registry::{Error, Images as _, Registry};

#[test]
fn a_token_is_fetched_from_whom_the_registry_names() {
    for challenge in [DOCKER_HUB, WITHOUT_SCOPE, SEVERAL] {
        for field in ["token", "access_token"] {
            let server = Server::start(challenge, field, false);
            assert_eq!(
                server.digest(true).unwrap().as_deref(),
                Some(DIGEST),
                "{challenge:?} {field}"
            );
            let shown = server
                .stub
                .asked()
                .into_iter()
                .filter(|asked| asked.line.contains("/v2/"));
            for asked in shown {
                let authorization = asked.header("Authorization").to_owned();
                assert!(
                    !authorization.starts_with("Basic"),
                    "the registry wants no password: {challenge:?}"
                );
            }
            assert_eq!(server.asked_for("account=user"), 1);
        }
    }
}

#[test]
fn who_has_no_password_gets_what_everybody_may_have() {
    for challenge in [DOCKER_HUB, WITHOUT_SCOPE, SEVERAL, BOTH] {
        let server = Server::start(challenge, "token", true);
        assert_eq!(
            server.digest(false).unwrap().as_deref(),
            Some(DIGEST),
            "{challenge:?}"
        );
        let sent = server.stub.asked();
        assert!(
            sent.iter()
                .all(|asked| !asked.header("Authorization").starts_with("Basic"))
        );
        // And where not everybody may, it is told as that.
        let closed = Server::start(challenge, "token", false);
        let error = closed.digest(false).expect_err("refused").to_string();
        assert!(error.contains("REGISTRY_USER"), "{error}");
    }
    let open = Server::start(&[], "token", false);
    assert_eq!(open.digest(false).unwrap().as_deref(), Some(DIGEST));
    assert_eq!(open.stub.lines().len(), 1);
}

#[test]
fn a_password_is_shown_where_the_registry_takes_one() {
    for challenge in [BASIC, BOTH] {
        let server = Server::start(challenge, "token", false);
        assert_eq!(server.digest(true).unwrap().as_deref(), Some(DIGEST));
        assert_eq!(server.asked_for("/token"), 0);
    }
    let error = Server::start(BASIC, "token", false)
        .digest(false)
        .expect_err("refused");
    assert!(matches!(error, Error::Credentials(_)), "{error}");
}

#[test]
fn a_token_serves_until_it_is_refused_and_is_then_fetched_once_more() {
    for has_password in [true, false] {
        let server = Server::start(DOCKER_HUB, "token", true);
        let (agent, settings) = (agent(), server.settings(has_password));
        let registry = Registry::new(&agent, &settings, false);
        let ask = || registry.digest("backend", "tag");
        for _ in 0..3 {
            assert!(ask().unwrap().is_some());
        }
        assert_eq!(server.asked_for("/token"), 1);
        server.kept.lock().unwrap().valid.clear();
        assert!(ask().unwrap().is_some());
        assert_eq!(server.asked_for("/token"), 2);
        // Tokens that are never good are not fetched for ever.
        server.kept.lock().unwrap().field = "other";
        server.kept.lock().unwrap().valid.clear();
        let error = ask().expect_err("an answer without a token").to_string();
        assert!(error.contains("no token in it"), "{error}");
        assert_eq!(server.asked_for("/token"), 3);
    }
}

#[test]
fn to_write_takes_another_token_than_to_read() {
    for challenge in [DOCKER_HUB, WITHOUT_SCOPE] {
        let server = Server::start(challenge, "token", false);
        let (agent, settings) = (agent(), server.settings(true));
        let registry = Registry::new(&agent, &settings, false);
        registry.put_again("backend", DIGEST, "v1.0.0").unwrap();
        let given = server.kept.lock().unwrap().valid.clone();
        let scopes: Vec<_> = given.iter().map(|(_, scope)| scope.as_str()).collect();
        assert!(scopes.contains(&PUSH), "{scopes:?}");
    }
}

#[test]
fn whoever_gives_tokens_may_refuse_or_be_away_too() {
    let refused = |status: u16, headers: &'static [(&'static str, &'static str)]| {
        let stub = Stub::answering(move |asked| {
            if asked.line.contains("/token") {
                let headers = headers
                    .iter()
                    .map(|(name, value)| Header::from_bytes(*name, *value).unwrap());
                return headers.fold(
                    Response::from_string("no").with_status_code(status),
                    Response::with_header,
                );
            }
            let challenge = format!("Bearer realm=\"http://{}/token\"", asked.header("Host"));
            let header = Header::from_bytes("WWW-Authenticate", challenge).unwrap();
            Response::from_string("")
                .with_status_code(401)
                .with_header(header)
        });
        let (agent, settings) = (agent(), registry_at(stub.address()));
        let error = Registry::new(&agent, &settings, false).digest("backend", "tag");
        let text = error.as_ref().expect_err("refused").to_string();
        assert!(text.contains("/token"), "{text}");
        error.expect_err("refused")
    };
    for status in [401, 403] {
        assert!(matches!(refused(status, &[]), Error::Credentials(_)));
    }
    assert!(matches!(refused(429, &[("Retry-After", "9")]), Error::Limited(_, wait) if wait == "in 9 s"));
    assert!(matches!(refused(503, &[]), Error::Unreachable(..)));
    assert!(matches!(refused(200, &[]), Error::Unexpected(..)));
}

#[test]
fn a_password_is_sent_to_no_address_that_everybody_on_the_way_could_read() {
    let stub = Stub::answering(|_| {
        let header =
            Header::from_bytes("WWW-Authenticate", "Bearer realm=\"ftp://elsewhere/token\"").unwrap();
        Response::from_string("")
            .with_status_code(401)
            .with_header(header)
    });
    let (agent, settings) = (agent(), registry_at(stub.address()));
    let error = Registry::new(&agent, &settings, false).digest("backend", "tag");
    let error = error.expect_err("no such address").to_string();
    assert!(
        error.contains("ftp://elsewhere/token") && error.contains("no password is sent"),
        "{error}"
    );
}

#[test]
fn a_registry_that_is_asked_too_often_says_when_to_come_back() {
    for (status, header) in [
        (429, "Retry-After: 30"),
        (403, "Retry-After: 30"),
        (403, "X-RateLimit-Remaining: 0"),
    ] {
        let stub = Stub::answering(move |_| {
            Response::from_string("toomanyrequests")
                .with_status_code(status)
                .with_header(header.parse::<Header>().unwrap())
        });
        let (agent, settings) = (agent(), registry_at(stub.address()));
        let error = Registry::new(&agent, &settings, false).digest("backend", "tag");
        let error = error.expect_err("too often").to_string();
        assert!(
            error.contains("limits how often") && error.contains("run the verb again in"),
            "{error}"
        );
        assert!(!error.contains("REGISTRY_PASSWORD"), "{error}");
    }
}

#[test]
fn a_layer_on_another_host_is_asked_for_without_the_password() {
    let storage = Stub::answering(|asked| {
        let status = if asked.header("Authorization").is_empty() {
            200
        } else {
            400
        };
        let kind: Header = "Content-Type: application/json".parse().unwrap();
        Response::from_string("{}")
            .with_status_code(status)
            .with_header(kind)
    });
    let elsewhere = format!("http://{}/layer", storage.address());
    let stub = Stub::answering(move |asked| {
        if asked.line.contains("/blobs/") {
            let location = Header::from_bytes("Location", elsewhere.clone()).unwrap();
            return Response::from_string("")
                .with_status_code(307)
                .with_header(location);
        }
        let kind: Header = "Content-Type: application/json".parse().unwrap();
        Response::from_string(r#"{"config":{"digest":"sha256:1"}}"#).with_header(kind)
    });
    let (agent, settings) = (agent(), registry_at(stub.address()));
    let (config, _) = Registry::new(&agent, &settings, false)
        .config("backend", DIGEST)
        .unwrap();
    assert_eq!((config.as_str(), storage.lines().len()), ("sha256:1", 1));
}

#[test]
fn docker_hub_is_asked_and_logged_into_where_it_is() {
    for (host, base, key) in [
        (
            "docker.io",
            "https://registry-1.docker.io",
            "https://index.docker.io/v1/",
        ),
        ("ghcr.io", "https://ghcr.io", "ghcr.io"),
    ] {
        let mut settings = registry_at(host.to_owned());
        settings.insecure = false;
        assert_eq!((settings.base().as_str(), settings.login_key()), (base, key));
        assert_eq!(settings.image("backend"), format!("{host}/loop/backend"));
    }
}
