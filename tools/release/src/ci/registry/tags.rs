//! All tags of an image, which a registry gives page by page.

use serde::Deserialize;
use ureq::http::StatusCode;

use super::{Error, Images, READ, Registry, failed, with};
use crate::ci::http::header;

/// Tags of a page; registries give fewer if they like.
const PAGE: usize = 1000;
/// Pages that are read: of more, somebody keeps every image for ever.
const PAGES: usize = 50;

/// Where images are looked up by all the tags that they have.
pub(crate) trait Tagged: Images {
    /// The tags of `app`'s images, in any order; none where there is no such image.
    fn tags(&self, app: &str) -> Result<Vec<String>, Error>;
}

#[derive(Debug, Deserialize)]
struct Page {
    /// Some registries write null for none.
    tags: Option<Vec<String>>,
}

impl Tagged for Registry<'_> {
    fn tags(&self, app: &str) -> Result<Vec<String>, Error> {
        let mut url = self.url(app, &format!("tags/list?n={PAGE}"));
        let mut tags = Vec::new();
        for _ in 0..PAGES {
            let mut answer = self.ask(app, READ, &url, |authorization| {
                with(self.agent.get(&url), authorization).call()
            })?;
            match answer.status() {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND => return Ok(tags),
                _ => return Err(Error::of(url, &answer)),
            }
            let next = header(answer.headers(), "Link").map(str::to_owned);
            let page = answer
                .body_mut()
                .with_config()
                .limit(super::LARGEST)
                .read_to_vec();
            let page = page.map_err(|error| failed(&url, &error))?;
            let page: Page = serde_json::from_slice(&page)
                .map_err(|error| Error::Unexpected(url.clone(), error.to_string()))?;
            tags.extend(page.tags.unwrap_or_default());
            let Some(next) = next else {
                return Ok(tags);
            };
            url = self.page(app, &url, &next)?;
        }
        let why = format!("more than {PAGES} pages of tags; have the registry drop old images");
        Err(Error::Unexpected(url, why))
    }
}

impl Registry<'_> {
    /// The address of the page that a header `Link` of `url` names. Only one of the same list is
    /// asked: what is sent there may be a password.
    fn page(&self, app: &str, url: &str, link: &str) -> Result<String, Error> {
        let target = link.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        let query = target.and_then(|(target, _)| target.split_once('?'));
        match query {
            Some((place, query)) if place.ends_with(&format!("/{app}/tags/list")) => {
                Ok(self.url(app, &format!("tags/list?{query}")))
            }
            _ => {
                let why = format!("its next page is at `{link}`, which is none of this list");
                Err(Error::Unexpected(url.to_owned(), why))
            }
        }
    }
}
