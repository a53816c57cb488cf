//! The open pull requests of a repository, read page by page: all of them, however short the forge
//! makes its pages.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use ureq::http::HeaderMap;

use super::Client;
use crate::ci::forge::answer::read;
use crate::ci::forge::{Error, Open};
use crate::ci::settings::GitHubApiKind;
use crate::environment::main_branch;

/// Pull requests to ask for per page; a forge may give fewer.
const PAGE: usize = 50;
/// More are not read: nobody reviews as many, and a forge that never comes to an end would be asked
/// for ever.
const PAGES: usize = 400;
/// Readings until two in a row agree.
const READINGS: usize = 6;

#[derive(Debug, Deserialize)]
struct PullRequest {
    number: u64,
    html_url: String,
    head: Side,
    base: Side,
    /// Both forges say `open`.
    state: Option<String>,
}

/// One side of a pull request.
#[derive(Debug, Deserialize)]
struct Side {
    /// The branch's name.
    #[serde(rename = "ref")]
    branch: String,
    /// None once the repository was deleted.
    repo: Option<Repository>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    id: Option<i64>,
    full_name: Option<String>,
}

/// By number, which also orders them.
type Found = BTreeMap<u64, Open>;

impl Client<'_> {
    /// Those from the repository itself into the branch that holds the overlays, whose branch
    /// begins with `prefix`.
    ///
    /// Whoever closes one meanwhile moves all that follow a place up, and one of them past the
    /// pages that are still to be read. So what took more than one page is read until two readings
    /// agree.
    pub(super) fn list(&self, prefix: &str) -> Result<Vec<Open>, Error> {
        let (mut found, mut pages) = self.reading(prefix)?;
        for _ in 1..READINGS {
            if pages < 2 {
                return Ok(found.into_values().collect());
            }
            let before = std::mem::take(&mut found);
            (found, pages) = self.reading(prefix)?;
            if found == before {
                return Ok(found.into_values().collect());
            }
        }
        Err(Error::Unexpected(
            format!("list open pull requests at {}", self.url("pulls")),
            format!(
                "differently each of {READINGS} times; run the verb again when fewer people open and close some"
            ),
        ))
    }

    /// One reading, and how many pages had something.
    fn reading(&self, prefix: &str) -> Result<(Found, usize), Error> {
        let size = match self.settings.kind {
            GitHubApiKind::Gitea => "limit",
            GitHubApiKind::GitHub => "per_page",
        };
        let (mut found, mut seen) = (Found::new(), BTreeSet::new());
        let mut query = format!("state=open&{size}={PAGE}&page=1");
        for page in 1..=PAGES {
            let url = self.url(&format!("pulls?{query}"));
            let what = format!("list open pull requests at {url}");
            let answer = self.authorized(self.agent.get(&url)).call();
            let headers = answer
                .as_ref()
                .map_or_else(|_| HeaderMap::new(), |answer| answer.headers().clone());
            let pulls: Vec<PullRequest> = read(answer, &what)?;
            let before = seen.len();
            seen.extend(pulls.iter().map(|pull| pull.number));
            let is_new = seen.len() > before;
            let ours = pulls.into_iter().filter(|pull| self.is_ours(pull, prefix));
            found.extend(ours.map(|pull| (pull.number, open(pull))));
            // A page without anything new: the end, or a forge that does not know of pages.
            let next = is_new.then(|| next(&headers, seen.len(), page)).flatten();
            match next {
                None => return Ok((found, if is_new { page } else { page - 1 })),
                Some(Next::Page(next)) => query = format!("state=open&{size}={PAGE}&page={next}"),
                Some(Next::Query(next)) => query = next,
            }
        }
        Err(Error::Unexpected(
            format!("list open pull requests at {}", self.url("pulls")),
            format!("with more than {PAGES} pages; close what nobody needs"),
        ))
    }

    /// Whether a pull request is of CI's making. Everybody may give a branch of a fork any name,
    /// and propose to another branch.
    fn is_ours(&self, pull: &PullRequest, prefix: &str) -> bool {
        pull.head.branch.starts_with(prefix)
            && pull.base.branch == main_branch()
            && pull.state.as_deref().is_none_or(|state| state == "open")
            && self.is_of_repository(pull)
    }

    fn is_of_repository(&self, pull: &PullRequest) -> bool {
        let Some(base) = &pull.base.repo else {
            // A forge that names no repositories has no forks.
            let head = pull.head.repo.as_ref().and_then(|repo| repo.full_name.as_ref());
            return head.is_none_or(|name| name.eq_ignore_ascii_case(&self.settings.repo));
        };
        pull.head.repo.as_ref().is_some_and(|head| head.is(base))
    }
}

impl Repository {
    /// A name may be written with other letter case, or have changed since it was set; the number
    /// stays.
    fn is(&self, other: &Self) -> bool {
        match (self.id, other.id) {
            (Some(id), Some(other)) => id == other,
            _ => match (&self.full_name, &other.full_name) {
                (Some(name), Some(other)) => name.eq_ignore_ascii_case(other),
                _ => false,
            },
        }
    }
}

fn open(pull: PullRequest) -> Open {
    Open {
        id: pull.number.to_string(),
        branch: pull.head.branch,
        reference: pull.html_url,
    }
}

/// What to ask for next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Page(usize),
    /// As the forge wrote it.
    Query(String),
}

/// What follows `page`, as its headers have it; where they say nothing, the next page tells by
/// being empty.
fn next(headers: &HeaderMap, seen: usize, page: usize) -> Option<Next> {
    let links: Vec<&str> = headers
        .get_all("Link")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if !links.is_empty() {
        let link = links.into_iter().find_map(link_to_next)?;
        // Its host is what the forge calls itself, which this machine need not reach and is not to
        // be shown a token.
        let query = link.split_once('?').map(|(_, query)| query.to_owned());
        return Some(query.map_or(Next::Page(page + 1), Next::Query));
    }
    let total = headers.get("X-Total-Count").and_then(|value| value.to_str().ok());
    match total.and_then(|total| total.parse::<usize>().ok()) {
        Some(total) if total <= seen => None,
        _ => Some(Next::Page(page + 1)),
    }
}

/// The address behind `rel="next"` in a header as RFC 8288 has it:
/// `<address>; rel="next", <address>; rel="last"`.
fn link_to_next(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((address, after)) = rest.split_once('<').and_then(|(_, link)| link.split_once('>')) {
        let end = after.find('<').unwrap_or(after.len());
        let is_next = after[..end].split([';', ',']).any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else {
                return false;
            };
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel")
                && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(address);
        }
        rest = &after[end..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_read_from_any_form_of_the_header() {
        for (header, address) in [
            (
                r#"<http://f/?page=2>; rel="next", <http://f/?page=9>; rel="last""#,
                Some("http://f/?page=2"),
            ),
            (
                r#"<http://f/?page=1>; rel="first",<http://f/?a=1,2>; title="x"; rel=next"#,
                Some("http://f/?a=1,2"),
            ),
            (r#"<http://f/?page=3>; REL="last Next""#, Some("http://f/?page=3")),
            (r#"<http://f/?rel="next">; rel="prev""#, None),
            (r#"<http://f/?page=3>; rel="nextish""#, None),
            ("", None),
            ("<http://f/", None),
        ] {
            assert_eq!(link_to_next(header), address, "{header}");
        }
    }
}
