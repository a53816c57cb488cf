//! What others report about a commit, as the forges answer it.

use serde_json::{Value, json};

use super::hub::hub;
use crate::ci::forge::hub::Client;
use crate::ci::forge::{Forge as _, State, Status};
use crate::ci::settings::HubKind;
use crate::ci::tests::agent;
use crate::ci::tests::stub::{Asked, Stub};

#[test]
fn the_newest_status_of_each_context_is_read_in_either_forges_words() {
    for (kind, key, size) in [
        (HubKind::GitHub, "state", "per_page"),
        (HubKind::Gitea, "status", "limit"),
    ] {
        let stub = Stub::start(move |asked: &Asked| {
            let one = |context: &str, state: &str, words: Value| json!({ "context": context, key: state, "description": words });
            let statuses = if asked.line.ends_with("&page=1") {
                json!([
                    one("a", "success", json!("2 pods")),
                    one("b", "failure", Value::Null),
                    one("c", "warning", json!(""))
                ])
            } else if asked.line.ends_with("&page=2") {
                json!([one("d", "pending", json!("since now"))])
            } else {
                Value::Null
            };
            (200, json!({ "statuses": statuses }).to_string())
        });
        let (agent, hub) = (agent(), hub(kind, &stub.address()));
        let client = Client {
            agent: &agent,
            hub: &hub,
        };
        let status = |context: &str, state, description: &str| Status {
            context: context.to_owned(),
            state,
            description: description.to_owned(),
        };
        let expected = vec![
            status("a", State::Success, "2 pods"),
            status("b", State::Failure, ""),
            status("c", State::Other, ""),
            status("d", State::Pending, "since now"),
        ];
        assert_eq!(client.statuses("c0ffee").unwrap(), Some(expected));
        let first = format!("GET /api/repos/owner/name/commits/c0ffee/status?{size}=50&page=1");
        assert_eq!(stub.lines()[0], first);
    }
}
