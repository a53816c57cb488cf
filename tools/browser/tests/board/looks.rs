//! How the page looks: light and dark, wide and narrow, and to those who do not see it.

use anyhow::Result;
use browser::{Browser, Site, axe};

/// The narrowest phone in use.
const NARROW: (u32, u32) = (320, 640);
const WIDE: (u32, u32) = (1280, 900);

#[tokio::test(flavor = "multi_thread")]
async fn every_look_is_accessible() -> Result<()> {
    let site = Site::start(25).await?;
    let browser = site.browser().await?;
    for (dark, size, name) in [
        (false, WIDE, "light-wide"),
        (true, WIDE, "dark-wide"),
        (false, NARROW, "light-narrow"),
        (true, NARROW, "dark-narrow"),
    ] {
        browser.look(dark, size).await?;
        browser.go("/").await?;
        browser.is_alive().await?;
        accessible(&browser, name).await?;
        let overflow = browser
            .run("return document.documentElement.scrollWidth > document.documentElement.clientWidth;")
            .await?;
        assert_eq!(overflow, false, "{name}: the page is wider than its window");

        browser.post("Ada", "   ").await?;
        browser.shows("[role=alert]").await?;
        accessible(&browser, &format!("{name}-refused")).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn dark_is_darker_than_light() -> Result<()> {
    let site = Site::start(1).await?;
    let browser = site.browser().await?;
    for (dark, brightness) in [(false, 600..=765), (true, 0..=150)] {
        browser.look(dark, WIDE).await?;
        browser
            .until(&format!("the page is as bright as {brightness:?}"), async || {
                Ok(brightness.contains(&background(&browser).await?))
            })
            .await?;
    }
    Ok(())
}

/// Red, green and blue of the page's background, added.
async fn background(browser: &Browser) -> Result<u64> {
    let color = browser
        .run("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number);")
        .await?;
    let color: Vec<u64> = serde_json::from_value(color)?;
    Ok(color.iter().sum())
}

async fn accessible(browser: &Browser, name: &str) -> Result<()> {
    browser.picture(name).await?;
    let found = axe::violations(browser).await?;
    assert_eq!(found, Vec::<String>::new(), "{name}");
    Ok(())
}
