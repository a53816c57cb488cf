//! The backend goes away and comes back.

use anyhow::Result;
use browser::Site;

const DOWN: &str = "[data-backend=down]";
/// The next time that the page's script asks for the messages fails as when the network loses it;
/// those after it do not. All are counted.
const LOSE_ONE: &str = "
    const fetched = window.fetch;
    window.lists = 0;
    window.fetch = (request, ...rest) => {
        const { pathname } = new URL(request.url ?? request, location);
        if (pathname === '/form/list' && ++window.lists === 1) {
            return Promise.reject(new TypeError('lost'));
        }
        return fetched.call(window, request, ...rest);
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
    // That they are shown proves nothing alone: the event stream brings those that are new, too.
    browser
        .until("the messages are asked for again", async || {
            Ok(browser.run("return window.lists;").await?.as_u64() >= Some(2))
        })
        .await?;
    browser
        .until("the messages are shown", async || {
            Ok(browser.messages().await?.len() == 3)
        })
        .await?;
    browser.shows_no(DOWN).await
}
