//! The backend goes away and comes back.

use anyhow::Result;
use browser::Site;

const DOWN: &str = "[data-backend=down]";
/// The next request of the page's script fails as one does that the network loses; those after it
/// do not.
const LOSE_ONE: &str = "
    const fetched = window.fetch;
    window.fetch = (...request) => {
        window.fetch = fetched;
        window.lost = true;
        return Promise.reject(new TypeError('lost'));
    };
";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_that_the_backend_is_down_and_recovers() -> Result<()> {
    let mut site = Site::start(3).await?;
    let browser = site.browser().await?;
    browser.mark_document().await?;
    assert_eq!(browser.count(DOWN).await?, 0);

    site.stack.stop_backend().await?;
    browser.shows(DOWN).await?;
    assert_eq!(browser.messages().await?.len(), 3, "what was shown stays");
    browser.picture("backend-down").await?;

    browser.post("Ada", "Into the void").await?;
    browser.shows("[role=alert]").await?;
    let text = browser.shows("[name=text]").await?;
    assert_eq!(
        text.value().await?.as_deref(),
        Some("Into the void"),
        "nothing is lost"
    );

    site.stack.start_backend().await?;
    browser.shows_no(DOWN).await?;
    browser.press("button[type=submit]").await?;
    browser.newest_is("Into the void").await?;
    assert_eq!(browser.messages().await?.len(), 4, "it was stored once");
    assert!(browser.is_same_document().await?, "the page was loaded anew");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opened_while_the_backend_is_down_fills_by_itself() -> Result<()> {
    let mut site = Site::start(3).await?;
    site.stack.stop_backend().await?;
    let browser = site.browser().await?;
    browser.shows(DOWN).await?;
    browser.picture("opened-while-down").await?;

    site.stack.start_backend().await?;
    browser
        .until("the messages are shown", async || {
            Ok(browser.messages().await?.len() == 3)
        })
        .await?;
    browser.shows_no(DOWN).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_read_the_messages_at_once_asks_for_them_again() -> Result<()> {
    // It asks at the next sign of life.
    let mut site = Site::start_with(3, Some(1)).await?;
    site.stack.stop_backend().await?;
    let browser = site.browser().await?;
    browser.shows(DOWN).await?;
    browser.run(LOSE_ONE).await?;

    site.stack.start_backend().await?;
    browser
        .until("the messages are shown", async || {
            Ok(browser.messages().await?.len() == 3)
        })
        .await?;
    let lost = browser.run("return window.lost === true;").await?;
    assert!(lost == true, "no request was lost, so nothing was proven");
    browser.shows_no(DOWN).await
}
