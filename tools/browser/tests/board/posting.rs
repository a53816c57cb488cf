//! Posting a message, and being refused.

use anyhow::Result;
use browser::Site;

use crate::elsewhere;

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_message_is_shown_at_once_and_stays() -> Result<()> {
    let site = Site::start(3).await?;
    let browser = site.browser().await?;
    browser.mark_document().await?;
    browser.post("Ada", "Hello <b>all</b>").await?;
    browser.newest_is("Hello <b>all</b>").await?;
    assert!(browser.is_same_document().await?, "the page was loaded anew");
    assert_eq!(browser.count("[role=alert]").await?, 0);
    browser.picture("posted").await?;

    browser.go("/").await?;
    assert_eq!(browser.messages().await?[0], "Hello <b>all</b>");
    assert_eq!(browser.messages().await?.len(), 4, "it was stored once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_posted_without_script() -> Result<()> {
    let site = Site::start(3).await?;
    let browser = site.browser_without_script().await?;
    browser.post("Ada", "Plain HTML").await?;
    browser.newest_is("Plain HTML").await?;
    assert_eq!(browser.count("html[data-hydrated]").await?, 0, "the script ran");
    assert_eq!(browser.messages().await?.len(), 4);
    browser.picture("posted-without-script").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_stands_at_its_field() -> Result<()> {
    let site = Site::start(0).await?;
    let browser = site.browser().await?;
    browser.mark_document().await?;
    browser.post("Ada", "   ").await?;
    refused(&browser).await?;
    assert!(browser.is_same_document().await?, "the page was loaded anew");
    browser.picture("refused").await?;

    browser.post("Ada", "Better").await?;
    browser.newest_is("Better").await?;
    browser.shows_no("[role=alert]").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_stands_at_its_field_without_script() -> Result<()> {
    let site = Site::start(0).await?;
    let browser = site.browser_without_script().await?;
    browser.post("Ada", "   ").await?;
    refused(&browser).await?;
    let author = browser.shows("[name=author]").await?;
    assert_eq!(
        author.value().await?.as_deref(),
        Some("Ada"),
        "what was right is kept"
    );
    browser.picture("refused-without-script").await?;

    browser.post("Ada", "Better").await?;
    browser.newest_is("Better").await?;
    assert_eq!(browser.count("[role=alert]").await?, 0);
    Ok(())
}

/// The page's key was used meanwhile, as by the same page that the browser had kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_conflict_is_not_kept() -> Result<()> {
    let site = Site::start(0).await?;
    let browser = site.browser().await?;
    let key = browser.value("[name=key]").await?;
    elsewhere::post(&site.stack, &key, "Other words").await?;
    browser.newest_is("Other words").await?;

    browser.post("Ada", "My words").await?;
    let alert = browser.shows("[role=alert]").await?.text().await?;
    assert!(alert.contains("send it again"), "{alert}");
    browser.picture("key-in-conflict").await?;
    browser.press("button[type=submit]").await?;
    browser.newest_is("My words").await?;
    browser.shows_no("[role=alert]").await?;
    assert_eq!(browser.messages().await?, ["My words", "Other words"]);
    Ok(())
}

/// The text is marked as wrong, and what it is described by says why.
async fn refused(browser: &browser::Browser) -> Result<()> {
    let field = browser.shows("[name=text][aria-invalid=true]").await?;
    let described = field.attr("aria-describedby").await?.unwrap_or_default();
    let reason = browser.shows(&format!("#{described}")).await?.text().await?;
    assert!(reason.contains("blank"), "{reason}");
    browser.shows("[role=alert]").await?;
    assert_eq!(browser.messages().await?.len(), 0, "nothing was stored");
    Ok(())
}
