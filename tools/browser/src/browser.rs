//! One browser window, and what a person does and sees in it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::LoggingPrefsLogLevel;
use thirtyfour::prelude::*;
use tokio::time::{Instant, sleep};

use crate::artefacts;

/// How long the page may take to show what is waited for; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Works for root in a container too, and speaks to no server on the internet.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Ends the browser with its driver, however that ends.
    "--remote-debugging-pipe",
    // To a browser, any other name is a place reached without encryption, where it offers less to a
    // page than on loopback.
    "--host-resolver-rules=MAP plain.test 127.0.0.1",
];

/// This machine under a name that a browser does not trust.
pub const PLAIN_HOST: &str = "plain.test";

/// The window of a laptop.
const SIZE: (u32, u32) = (1024, 900);

/// One of a browser's tabs.
#[derive(Clone, Debug)]
pub struct Tab(WindowHandle);

/// A browser with a profile of its own.
pub struct Browser {
    driver: WebDriver,
    base: String,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn start(driver_url: &str, script: bool, base: String) -> Result<Self> {
        let profile = tempfile::tempdir().context("make a folder for the profile")?;
        let mut wanted = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            wanted.add_arg(argument)?;
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        if !script {
            // The switch that a person finds in the settings: 2 forbids.
            wanted.add_experimental_option(
                "prefs",
                json!({"profile.managed_default_content_settings.javascript": 2}),
            )?;
        }
        let driver = WebDriver::new(driver_url, wanted)
            .await
            .context("start Chromium")?;
        let browser = Self {
            driver,
            base,
            _profile: profile,
        };
        browser.look(false, SIZE).await?;
        Ok(browser)
    }

    /// Changes what the person prefers, and the window's width and height in pixels.
    pub async fn look(&self, dark: bool, (width, height): (u32, u32)) -> Result<()> {
        let scheme = if dark { "dark" } else { "light" };
        self.protocol(
            "Emulation.setEmulatedMedia",
            json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        )
        .await?;
        self.protocol(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        )
        .await
        .map(drop)
    }

    async fn protocol(&self, method: &str, parameters: Value) -> Result<Value> {
        self.driver
            .cdp()
            .send_raw(method, parameters)
            .await
            .with_context(|| method.to_owned())
    }

    /// Runs `script` in every page that this tab opens from now on, before the page's own.
    pub async fn before_each_page(&self, script: &str) -> Result<()> {
        let method = "Page.addScriptToEvaluateOnNewDocument";
        self.protocol(method, json!({"source": script})).await.map(drop)
    }

    /// The tab that is looked at.
    pub async fn tab(&self) -> Result<Tab> {
        Ok(Tab(self.driver.window().await?))
    }

    /// Opens an empty tab, and looks at it.
    pub async fn new_tab(&self) -> Result<Tab> {
        let tab = Tab(self.driver.new_tab().await.context("open a tab")?);
        self.switch_to(&tab).await?;
        Ok(tab)
    }

    /// Looks at another tab.
    pub async fn switch_to(&self, Tab(handle): &Tab) -> Result<()> {
        let switched = self.driver.switch_to_window(handle.clone()).await;
        switched.context("look at another tab")
    }

    /// Closes the tab that is looked at; after it another has to be looked at.
    pub async fn close_tab(&self) -> Result<()> {
        self.driver.close_window().await.context("close a tab")
    }

    /// Opens `path` of the site.
    pub async fn go(&self, path: &str) -> Result<()> {
        let url = format!("{}{path}", self.base);
        self.driver
            .goto(&url)
            .await
            .with_context(|| format!("open {url}"))
    }

    /// Waits until the page's script runs.
    pub async fn is_alive(&self) -> Result<()> {
        self.shows("html[data-hydrated]").await.map(drop)
    }

    /// Waits for the first element that fits `css`.
    pub async fn shows(&self, css: &str) -> Result<WebElement> {
        self.driver
            .query(By::Css(css))
            .wait(PATIENCE, POLL)
            .first()
            .await
            .with_context(|| format!("the page does not show {css}"))
    }

    /// Waits until nothing fits `css`.
    pub async fn shows_no(&self, css: &str) -> Result<()> {
        self.until(&format!("nothing fits {css}"), async || {
            Ok(self.count(css).await? == 0)
        })
        .await
    }

    /// Waits until `what` is so.
    pub async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // An element may be replaced between finding and reading it.
            let seen = is_so().await;
            if matches!(seen, Ok(true)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                seen?;
                self.picture("failed").await.ok();
                bail!("waited {} s in vain until {what}", PATIENCE.as_secs());
            }
            sleep(POLL).await;
        }
    }

    /// How many elements fit `css` now.
    pub async fn count(&self, css: &str) -> Result<usize> {
        Ok(self.driver.find_all(By::Css(css)).await?.len())
    }

    /// Fills the form in and sends it.
    pub async fn post(&self, author: &str, text: &str) -> Result<()> {
        for (field, value) in [("author", author), ("text", text)] {
            let field = self.shows(&format!("[name={field}]")).await?;
            field.clear().await?;
            field.send_keys(value).await?;
        }
        self.press("button[type=submit]").await
    }

    /// Puts `text` into an empty field at once, as from the clipboard: `WebDriver` itself types no
    /// character that is two for JavaScript.
    pub async fn paste(&self, css: &str, text: &str) -> Result<()> {
        let field = self.shows(css).await?;
        field.clear().await?;
        field.focus().await?;
        self.protocol("Input.insertText", json!({"text": text}))
            .await
            .map(drop)
    }

    /// What the field `css` holds.
    pub async fn value(&self, css: &str) -> Result<String> {
        let value = self.shows(css).await?.prop("value").await?;
        value.with_context(|| format!("{css} has no value"))
    }

    /// Runs `script` in every document that is opened from now on, before anything of its own.
    pub async fn before_documents(&self, script: &str) -> Result<()> {
        let script = json!({"source": script});
        self.protocol("Page.addScriptToEvaluateOnNewDocument", script)
            .await
            .map(drop)
    }

    /// Clicks the first element that fits `css`.
    pub async fn press(&self, css: &str) -> Result<()> {
        self.shows(css)
            .await?
            .click()
            .await
            .with_context(|| format!("click {css}"))
    }

    /// The texts of all messages, in the order of the page.
    pub async fn messages(&self) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for text in self.driver.find_all(By::Css("li[data-uuid] .text")).await? {
            texts.push(text.text().await?);
        }
        Ok(texts)
    }

    /// Waits until `text` is the newest message.
    pub async fn newest_is(&self, text: &str) -> Result<()> {
        self.until(&format!("the newest message is {text:?}"), async || {
            Ok(self.shows("li[data-uuid] .text").await?.text().await? == text)
        })
        .await
    }

    /// The address bar.
    pub async fn address(&self) -> Result<String> {
        Ok(self.driver.current_url().await?.into())
    }

    /// Marks this document; [`Self::is_same_document`] tells later whether it was loaded anew.
    pub async fn mark_document(&self) -> Result<()> {
        self.run("window.marked = true;").await.map(drop)
    }

    /// Whether the document is the one that was marked.
    pub async fn is_same_document(&self) -> Result<bool> {
        Ok(self.run("return window.marked === true;").await? == Value::Bool(true))
    }

    /// Runs `script` in the page.
    pub async fn run(&self, script: &str) -> Result<Value> {
        let returned = self.driver.execute(script, Vec::new()).await?;
        Ok(returned.json().clone())
    }

    /// What the console has got since it was last asked.
    pub async fn console(&self) -> Result<Vec<String>> {
        let entries = self.driver.get_log("browser").await.context("read the console")?;
        Ok(entries
            .into_iter()
            .map(|entry| format!("{} {}", entry.level, entry.message))
            .collect())
    }

    /// Keeps a picture of the whole page as `NAME.png`.
    pub async fn picture(&self, name: &str) -> Result<()> {
        let file = artefacts::folder()?.join(format!("{name}.png"));
        self.driver
            .screenshot(&file)
            .await
            .with_context(|| format!("write {}", file.display()))
    }
}
