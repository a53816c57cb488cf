//! Many tabs of one browser, over HTTP/1.1: it has six connections to the page for all of them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use browser::{Browser, PLAIN_HOST, Proxy, Site, Tab};
use tokio::time::timeout;

/// In which a tab is loaded and alive; one that gets no connection never is.
const LOADED: Duration = Duration::from_secs(15);
/// Beyond what a browser has connections for.
const TABS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn eight_tabs_share_one_stream() -> Result<()> {
    let site = Site::start_with(1, Some(1)).await?;
    let proxy = site.proxy().await?;
    let browser = site.browser_at(proxy.url(PLAIN_HOST)).await?;
    let mut tabs = open(&browser, "").await?;
    one_stream(&browser, &proxy).await?;
    site.post("for all").await?;
    all_show(&browser, &tabs, "for all").await?;

    // The first came first, and leads.
    browser.switch_to(&tabs.remove(0)).await?;
    browser.close_tab().await?;
    site.post("after the leader").await?;
    all_show(&browser, &tabs, "after the leader").await?;
    one_stream(&browser, &proxy).await?;

    // A leader to whom all others give way, and of which nothing more is heard.
    browser
        .run("new BroadcastChannel('message-board-events-1').postMessage('0 here  up');")
        .await?;
    browser
        .until("the stream is given up", async || Ok(proxy.open_streams() == 0))
        .await?;
    site.post("while a leader hung").await?;
    all_show(&browser, &tabs, "while a leader hung").await?;
    one_stream(&browser, &proxy).await?;

    // A server that is silent is told in each tab, and so is that it is back.
    proxy.kill_all_streams();
    for tab in &tabs {
        browser.switch_to(tab).await?;
        browser.shows("[data-backend=down]").await?;
    }
    proxy.kill_open_streams();
    site.post("after the silence").await?;
    all_show(&browser, &tabs, "after the silence").await?;
    for tab in &tabs {
        browser.switch_to(tab).await?;
        browser.shows_no("[data-backend=down]").await?;
        assert_eq!(browser.messages().await?.len(), 5, "each message once");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_channel_the_tabs_that_are_seen_have_streams() -> Result<()> {
    let site = Site::start(1).await?;
    let proxy = site.proxy().await?;
    let browser = site.browser_at(proxy.url(PLAIN_HOST)).await?;
    let tabs = open(&browser, "delete window.BroadcastChannel;").await?;
    site.post("for all").await?;
    all_show(&browser, &tabs, "for all").await
}

/// Opens all tabs, each with `script` run before the page.
async fn open(browser: &Browser, script: &str) -> Result<Vec<Tab>> {
    let mut tabs = vec![browser.tab().await?];
    while tabs.len() <= TABS {
        browser.before_each_page(script).await?;
        let load = async {
            browser.go("/").await?;
            browser.is_alive().await
        };
        let number = tabs.len();
        timeout(LOADED, load)
            .await
            .with_context(|| format!("tab {number} is not alive after {LOADED:?}"))??;
        tabs.push(browser.new_tab().await?);
    }
    browser.close_tab().await?;
    tabs.pop();
    Ok(tabs)
}

async fn all_show(browser: &Browser, tabs: &[Tab], text: &str) -> Result<()> {
    for tab in tabs {
        browser.switch_to(tab).await?;
        browser.newest_is(text).await?;
    }
    Ok(())
}

async fn one_stream(browser: &Browser, proxy: &Proxy) -> Result<()> {
    browser
        .until("there is one stream", async || Ok(proxy.open_streams() == 1))
        .await
}
