//! Older messages, page by page.

use std::collections::HashSet;

use anyhow::Result;
use browser::{Browser, Site};

const BUTTON: &str = "form.older button";
/// The backend's page, and two and a bit of them.
const PAGE: usize = 20;
const ALL: usize = 45;

#[tokio::test(flavor = "multi_thread")]
async fn older_messages_are_added_below() -> Result<()> {
    let site = Site::start(ALL).await?;
    let browser = site.browser().await?;
    browser.mark_document().await?;
    for shown in [PAGE, 2 * PAGE, ALL] {
        browser
            .until(&format!("{shown} messages are shown"), async || {
                Ok(browser.count("li[data-uuid]").await? == shown)
            })
            .await?;
        if shown < ALL {
            browser.press(BUTTON).await?;
        }
    }
    browser.shows_no(BUTTON).await?;
    assert_all(&browser.messages().await?);
    assert!(browser.is_same_document().await?, "the page was loaded anew");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn older_messages_are_pages_without_script() -> Result<()> {
    let site = Site::start(ALL).await?;
    let browser = site.browser_without_script().await?;
    let mut all = browser.messages().await?;
    assert_eq!(all.len(), PAGE);
    for expected in [PAGE, ALL - 2 * PAGE] {
        let page = next_page(&browser).await?;
        assert_eq!(page.len(), expected);
        all.extend(page);
    }
    assert_eq!(browser.count(BUTTON).await?, 0, "this is the last page");
    assert_all(&all);
    browser.picture("last-page-without-script").await
}

async fn next_page(browser: &Browser) -> Result<Vec<String>> {
    let before = browser.address().await?;
    browser.press(BUTTON).await?;
    browser
        .until("another page is there", async || {
            Ok(browser.address().await? != before)
        })
        .await?;
    browser.messages().await
}

/// Each message once, newest first: the seed numbers them.
fn assert_all(messages: &[String]) {
    assert_eq!(messages.iter().collect::<HashSet<_>>().len(), ALL);
    let newest_first = (1..=ALL).rev().map(|number| format!("(#{number})"));
    for (message, number) in messages.iter().zip(newest_first) {
        assert!(message.ends_with(&number), "{message} is not {number}");
    }
}
