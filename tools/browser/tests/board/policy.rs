//! The security policy, held against what the page really does.

use anyhow::Result;
use browser::Site;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

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

/// What both scripts of somebody else do.
const INTRUDE: &str = "window.intruded = true";

#[tokio::test(flavor = "multi_thread")]
async fn a_script_from_elsewhere_does_not_run() -> Result<()> {
    let site = Site::start(1).await?;
    let elsewhere = served().await?;
    for script in [
        format!("script.textContent = '{INTRUDE}'; window.ended = true;"),
        format!("script.src = '{elsewhere}';"),
    ] {
        let browser = site.browser().await?;
        browser
            .run(&format!(
                "const script = document.createElement('script'); \
                 script.onload = script.onerror = () => window.ended = true; \
                 {script} \
                 document.body.append(script);"
            ))
            .await?;
        browser
            .until("the browser has done with the script", async || {
                Ok(browser.run("return window.ended === true;").await? == true)
            })
            .await?;
        let is_untouched = browser.run("return window.intruded === undefined;").await?;
        assert!(is_untouched == true, "{script}");
        let console = browser.console().await?;
        assert!(
            console
                .iter()
                .any(|line| line.contains("Content Security Policy")),
            "{script}: the console says why: {console:?}"
        );
    }
    Ok(())
}

/// The address of a script at another origin: the same machine at another port.
async fn served() -> Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let length = INTRUDE.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/javascript\r\ncontent-length: {length}\r\n\r\n{INTRUDE}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Ok(format!("http://{address}/script.js"))
}
