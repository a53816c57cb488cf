//! What a browser without script makes of a page: its attributes, its form, its text.

use anyhow::{Context, Result, ensure};

/// A page as it was served.
#[derive(Debug)]
pub(crate) struct Page {
    html: String,
}

/// The page's form, as far as it is needed to send it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) action: String,
}

impl Page {
    pub(crate) fn new(html: String) -> Self {
        Self { html }
    }

    /// The first value of an attribute, wherever it is on the page.
    pub(crate) fn attribute(&self, name: &str) -> Result<String> {
        let open = format!(" {name}=\"");
        let (_, rest) = self
            .html
            .split_once(&open)
            .with_context(|| format!("the page has no attribute {name}"))?;
        let (value, _) = rest
            .split_once('"')
            .with_context(|| format!("attribute {name} of the page has no end"))?;
        Ok(unescaped(value))
    }

    /// The first form that posts.
    pub(crate) fn form(&self) -> Result<Form> {
        let tags = self
            .html
            .split("<form")
            .skip(1)
            .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag));
        let tag = tags
            .into_iter()
            .find(|tag| tag.to_ascii_lowercase().contains("method=\"post\""))
            .context("the page has no form that posts")?;
        let action = Self::new(format!(" {tag}"))
            .attribute("action")
            .context("the page's form")?;
        ensure!(
            action.starts_with('/'),
            "the page's form posts to {action:?}, which is not on this site"
        );
        Ok(Form { action })
    }

    /// Whether the page shows this text to a reader: white space as a browser joins it.
    pub(crate) fn shows(&self, text: &str) -> bool {
        joined(&self.text()).contains(&joined(text))
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.html.as_str();
        while let Some((before, after)) = rest.split_once('<') {
            text.push_str(before);
            let (tag, after) = after.split_once('>').unwrap_or((after, ""));
            // Comments are seams of the hydration, in the middle of words too; a tag separates.
            if !tag.starts_with('!') {
                text.push(' ');
            }
            rest = after;
        }
        text.push_str(rest);
        unescaped(&text)
    }
}

fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unescaped(text: &str) -> String {
    // `&amp;` last, or `&amp;lt;` would be read twice.
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (entity, plain)| {
        text.replace(entity, plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        Page::new(
            "<!DOCTYPE html><body><form action=\"/find\" method=\"get\"></form>\
             <form action=\"/api/post_message1?a=1&amp;b=2\" method=\"POST\"><input name=\"text\"></form>\
             <li>hello <!-- -->a &lt;wide&gt;   wor<!>ld</li><footer data-commit=\"abc\"></footer></body>"
                .to_owned(),
        )
    }

    #[test]
    fn the_form_that_posts_is_found() {
        assert_eq!(page().form().unwrap().action, "/api/post_message1?a=1&b=2");
        assert!(Page::new("<form action=\"/x\">".to_owned()).form().is_err());
        assert!(
            Page::new("<form method=\"post\" action=\"https://elsewhere/\">".to_owned())
                .form()
                .is_err()
        );
    }

    #[test]
    fn text_is_what_a_reader_sees() {
        assert!(page().shows("hello a <wide> world"));
        assert!(!page().shows("data-commit"));
        assert!(!page().shows("hello b"));
    }

    #[test]
    fn attributes_are_read_or_missed() {
        assert_eq!(page().attribute("data-commit").unwrap(), "abc");
        assert!(
            page()
                .attribute("data-environment")
                .unwrap_err()
                .to_string()
                .contains("data-environment")
        );
    }
}
