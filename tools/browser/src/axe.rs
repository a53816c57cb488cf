//! axe-core: finds accessibility faults of a page.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::browser::Browser;

/// Runs in the page; `WebDriver` waits for what the promise becomes.
const CHECK: &str = "return axe.run().then(result => result.violations.map(violation => \
    violation.id + ': ' + violation.help + ' at ' + violation.nodes.map(node => node.target.join(' ')).join(', ')));";

/// Everything axe-core finds wrong with the page as it is now.
pub async fn violations(browser: &Browser) -> Result<Vec<String>> {
    let file = env::var_os("AXE_CORE").map(PathBuf::from).context(
        "AXE_CORE does not name axe-core's axe.min.js; `cargo xtask test --only browser` fetches it",
    )?;
    let axe = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    browser.run(&axe).await.context("load axe-core into the page")?;
    let found = browser.run(CHECK).await.context("run axe-core")?;
    let found: Vec<String> = serde_json::from_value::<Vec<Value>>(found)
        .context("axe-core answers a list")?
        .iter()
        .map(|violation| violation.as_str().unwrap_or_default().to_owned())
        .collect();
    Ok(found)
}
