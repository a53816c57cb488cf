//! Visitors whose clock is wrong.

use anyhow::Result;
use browser::{Browser, Site};

/// Sets the visitor's clock wrong by `sessionStorage.wrong` milliseconds, and lets the page grow
/// old by `window.older`.
const CLOCKS: &str = "
    const wrong = Number(sessionStorage.wrong ?? 0);
    const Right = Date;
    window.Date = class extends Right {
        constructor(...given) { given.length ? super(...given) : super(Right.now() + wrong); }
        static now() { return Right.now() + wrong; }
    };
    const age = performance.now.bind(performance);
    performance.now = () => age() + (window.older ?? 0);
";
/// Has the page look at its clock, as when the visitor comes back to it.
const LOOK: &str = "document.dispatchEvent(new Event('visibilitychange'));";
const HOUR: i64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_changes_no_time() -> Result<()> {
    // No sign of life comes while this runs: the page goes by its own age.
    let site = Site::start_with(1, Some(30)).await?;
    let browser = with_clocks(&site).await?;
    for wrong in [24 * HOUR, -24 * HOUR, 400 * 24 * HOUR, -2 * HOUR, HOUR / 2] {
        browser.run(&format!("sessionStorage.wrong = {wrong};")).await?;
        browser.go("/").await?;
        browser.is_alive().await?;
        let text = format!("wrong by {wrong}");
        site.post(&text).await?;
        browser.newest_is(&text).await?;
        browser.run(LOOK).await?;
        shows(&browser, "just now").await?;

        browser
            .run(&format!("window.older = {};{LOOK}", 3 * HOUR))
            .await?;
        shows(&browser, "3 hours ago").await?;
    }
    assert_eq!(
        browser.console().await?,
        Vec::<String>::new(),
        "hydrated without a fault"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_sets_the_pages_clock() -> Result<()> {
    let site = Site::start_with(1, Some(1)).await?;
    let browser = with_clocks(&site).await?;
    browser
        .run(&format!("sessionStorage.wrong = {};", 24 * HOUR))
        .await?;
    browser.go("/").await?;
    browser.is_alive().await?;
    site.post("new").await?;
    browser.newest_is("new").await?;
    // The page's own clock may go wrong as well: in some browsers it stands still while the machine
    // sleeps.
    browser
        .run(&format!("window.older = {};{LOOK}", 5 * HOUR))
        .await?;
    shows(&browser, "just now").await
}

async fn with_clocks(site: &Site) -> Result<Browser> {
    let browser = site.browser().await?;
    browser.before_each_page(CLOCKS).await?;
    Ok(browser)
}

async fn shows(browser: &Browser, words: &str) -> Result<()> {
    browser
        .until(&format!("the newest message is of {words:?}"), async || {
            Ok(newest_time(browser).await? == words)
        })
        .await
}

async fn newest_time(browser: &Browser) -> Result<String> {
    Ok(browser.shows("li[data-uuid] time").await?.text().await?)
}
