//! The security policy, held against what the page really does.

use anyhow::Result;
use browser::Site;

#[tokio::test(flavor = "multi_thread")]
async fn the_script_runs_and_the_console_is_silent() -> Result<()> {
    let site = Site::start(45).await?;
    let browser = site.browser().await?;
    browser.post("Ada", "Hello").await?;
    browser.newest_is("Hello").await?;
    browser.press("form.older button").await?;
    browser
        .until("older messages are shown", async || {
            Ok(browser.count("li[data-uuid]").await? > 21)
        })
        .await?;
    assert_eq!(browser.console().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_from_elsewhere_does_not_run() -> Result<()> {
    let site = Site::start(1).await?;
    let browser = site.browser().await?;
    browser
        .run(
            "const script = document.createElement('script'); \
             script.textContent = 'window.intruded = true'; \
             document.body.append(script);",
        )
        .await?;
    assert!(browser.run("return window.intruded === undefined;").await? == true);
    let console = browser.console().await?;
    assert!(
        console
            .iter()
            .any(|line| line.contains("Content Security Policy")),
        "the console says why: {console:?}"
    );
    Ok(())
}
