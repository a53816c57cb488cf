//! The application that a test looks at.

use anyhow::Result;
use child_process::Watched;
use dev::{Options, Programs, Stack};

use crate::browser::Browser;
use crate::driver::Driver;
use crate::proxy::Proxy;

/// An application of the test's own, and what it takes to open browsers on it. All ends when it is
/// dropped.
pub struct Site {
    /// The running application.
    pub stack: Stack,
    driver: Driver,
    _group: Watched,
}

impl Site {
    /// The application with `messages` on the board.
    pub async fn start(messages: usize) -> Result<Self> {
        Self::start_with(messages, None).await
    }

    /// The same, with this many seconds between two signs of life on an event stream.
    pub async fn start_with(messages: usize, heartbeat_seconds: Option<u8>) -> Result<Self> {
        let mut options = Options::new(Programs::of_dev_build()?);
        options.messages = messages;
        options.heartbeat_seconds = heartbeat_seconds;
        let group = Watched::new()?;
        let (stack, driver) = tokio::try_join!(Stack::start(options), Driver::start(&group))?;
        Ok(Self {
            stack,
            driver,
            _group: group,
        })
    }

    /// A browser with script, on the newest messages, its page alive.
    pub async fn browser(&self) -> Result<Browser> {
        let browser = self.open(true).await?;
        browser.is_alive().await?;
        Ok(browser)
    }

    /// The same without script.
    pub async fn browser_without_script(&self) -> Result<Browser> {
        self.open(false).await
    }

    /// A browser with script that has opened nothing yet; it finds the page at `base`.
    pub async fn browser_at(&self, base: String) -> Result<Browser> {
        Browser::start(&self.driver.url, true, base).await
    }

    /// A proxy before the page.
    pub async fn proxy(&self) -> Result<Proxy> {
        Proxy::start(self.stack.page_address()).await
    }

    /// Somebody elsewhere posts a message.
    pub async fn post(&self, text: &str) -> Result<()> {
        self.stack.post("Somebody", text).await
    }

    async fn open(&self, script: bool) -> Result<Browser> {
        let browser = Browser::start(&self.driver.url, script, self.stack.page_url()).await?;
        browser.go("/").await?;
        Ok(browser)
    }
}
