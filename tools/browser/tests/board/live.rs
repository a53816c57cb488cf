//! Two people at once.

use anyhow::Result;
use browser::Site;

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_see_each_others_messages() -> Result<()> {
    let site = Site::start(1).await?;
    let (one, other) = tokio::try_join!(site.browser(), site.browser())?;
    for browser in [&one, &other] {
        browser.mark_document().await?;
    }
    one.post("Ada", "Is somebody there?").await?;
    other.newest_is("Is somebody there?").await?;
    other.post("Björn", "I am.").await?;
    one.newest_is("I am.").await?;
    for browser in [&one, &other] {
        assert_eq!(browser.messages().await?.len(), 3, "each message once");
        assert!(browser.is_same_document().await?, "the page was loaded anew");
    }
    Ok(())
}
