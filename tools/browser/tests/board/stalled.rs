//! Connections that are dead and were never closed.

use anyhow::Result;
use browser::{Browser, Proxy, Site};

const DOWN: &str = "[data-backend=down]";
/// As short as it can be set: a stream is given up after two and a half seconds.
const HEARTBEAT: Option<u8> = Some(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_dies_is_replaced_and_nothing_is_missed() -> Result<()> {
    let site = Site::start_with(1, HEARTBEAT).await?;
    let (proxy, browser) = behind_proxy(&site).await?;
    site.post("live").await?;
    browser.newest_is("live").await?;

    proxy.kill_open_streams();
    site.post("missed").await?;
    browser.newest_is("missed").await?;
    browser.shows_no(DOWN).await?;

    proxy.kill_all_streams();
    browser.shows(DOWN).await?;
    browser.picture("stalled").await?;
    site.post("missed for longer").await?;
    // Another connection is tried meanwhile, and dies too.
    browser
        .until(
            "a connection is given up",
            async || Ok(proxy.opened_streams() > 4),
        )
        .await?;
    assert_eq!(proxy.open_streams(), 1, "those given up are closed");
    assert_eq!(browser.count(DOWN).await?, 1);
    assert_eq!(browser.messages().await?.len(), 3);
    proxy.kill_open_streams();
    browser.newest_is("missed for longer").await?;
    browser.shows_no(DOWN).await?;
    assert_eq!(browser.messages().await?.len(), 4, "each message once");
    assert!(browser.is_same_document().await?, "the page was loaded anew");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_never_begins_is_noticed_too() -> Result<()> {
    let site = Site::start_with(0, HEARTBEAT).await?;
    let proxy = site.proxy().await?;
    proxy.kill_all_streams();
    let browser = site.browser_at(proxy.url("127.0.0.1")).await?;
    browser.go("/").await?;
    browser.is_alive().await?;
    site.post("missed").await?;
    browser.shows(DOWN).await?;
    proxy.kill_open_streams();
    browser.newest_is("missed").await?;
    browser.shows_no(DOWN).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_board_is_not_taken_for_a_dead_stream() -> Result<()> {
    let site = Site::start_with(1, HEARTBEAT).await?;
    let (proxy, browser) = behind_proxy(&site).await?;
    // Longer than a stream may be silent, as the page itself counts.
    let begun = "window.begun ??= performance.now(); return performance.now() - window.begun > 4000;";
    browser
        .until("four seconds have passed", async || {
            Ok(browser.run(begun).await? == true)
        })
        .await?;
    assert_eq!((browser.count(DOWN).await?, proxy.opened_streams()), (0, 1));
    Ok(())
}

/// A browser that sees the page through a proxy, alive and marked.
async fn behind_proxy(site: &Site) -> Result<(Proxy, Browser)> {
    let proxy = site.proxy().await?;
    let browser = site.browser_at(proxy.url("127.0.0.1")).await?;
    browser.go("/").await?;
    browser.is_alive().await?;
    browser.mark_document().await?;
    browser
        .until("the page listens", async || Ok(proxy.open_streams() == 1))
        .await?;
    Ok((proxy, browser))
}
