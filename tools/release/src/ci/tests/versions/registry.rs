//! The list of an image's tags, as registries give it, and where one does not.

use tiny_http::{Header, Response};

use crate::ci::registry::tags::Tagged as _;
use crate::ci::registry::{Error, Registry};
use crate::ci::tests::agent;
use crate::ci::tests::refusals::registry_at;
use crate::ci::tests::stub::{Asked, Stub, nobody};

/// A registry that names the next page by `link`.
fn with_pages(link: &'static str) -> Stub {
    Stub::answering(move |asked: &Asked| {
        if asked.line.contains("last=v1.0.0") {
            return Response::from_string("{\"name\":\"loop/backend\",\"tags\":[\"v1.1.0\"]}");
        }
        if asked.line.contains("/frontend/") {
            return Response::from_string("{\"name\":\"loop/frontend\",\"tags\":null}");
        }
        if !asked.line.contains("/tags/list") {
            return Response::from_string("");
        }
        let header = Header::from_bytes("Link", link).unwrap();
        Response::from_string("{\"tags\":[\"c0ffee\",\"v1.0.0\"]}").with_header(header)
    })
}

fn tags(address: String, app: &str) -> Result<Vec<String>, Error> {
    let (agent, settings) = (agent(), registry_at(address));
    Registry::new(&agent, &settings, false).tags(app)
}

#[test]
fn all_pages_are_read() {
    for link in [
        "</v2/loop/backend/tags/list?last=v1.0.0&n=1000>; rel=\"next\"",
        "<http://elsewhere.invalid/v2/loop/backend/tags/list?n=2&last=v1.0.0>; rel=\"next\"",
    ] {
        let stub = with_pages(link);
        assert_eq!(
            tags(stub.address(), "backend").unwrap(),
            ["c0ffee", "v1.0.0", "v1.1.0"]
        );
        assert!(tags(stub.address(), "frontend").unwrap().is_empty());
    }
}

#[test]
fn a_page_that_is_none_of_the_list_is_not_asked() {
    for link in ["</v2/other/list?n=1>; rel=\"next\"", "nonsense", "<>"] {
        let stub = with_pages(link);
        let error = tags(stub.address(), "backend").expect_err(link);
        assert!(matches!(error, Error::Unexpected(..)), "{error}");
        let lists = stub.lines().into_iter().filter(|line| line.contains("list"));
        assert_eq!(lists.count(), 1);
    }
    // One that names itself for ever.
    let stub = with_pages("</v2/loop/backend/tags/list?n=1000>; rel=\"next\"");
    let error = tags(stub.address(), "backend").expect_err("endless").to_string();
    assert!(error.contains("more than 50 pages"), "{error}");
}

#[test]
fn a_registry_that_is_away_or_refuses_is_named() {
    let away = nobody();
    let error = tags(away.clone(), "backend").expect_err("nobody is there");
    assert!(
        matches!(&error, Error::Unreachable(..)) && error.to_string().contains(&away),
        "{error}"
    );
    for (status, refused) in [(401, true), (503, false)] {
        let stub = Stub::start(move |_| (status, String::new()));
        let error = tags(stub.address(), "backend").expect_err("refused");
        let is_it = if refused {
            matches!(error, Error::Credentials(_))
        } else {
            matches!(error, Error::Unreachable(..))
        };
        assert!(is_it, "{error}");
    }
    let none = Stub::start(|_| (404, String::new()));
    assert!(tags(none.address(), "backend").unwrap().is_empty());
    let page = Stub::start(|_| (200, "<html>".to_owned()));
    let error = tags(page.address(), "backend").expect_err("no JSON");
    assert!(matches!(error, Error::Unexpected(..)), "{error}");
}
