//! The pictures that documents show: of the page, and of what an end-to-end run has left.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use reqwest::Url;

use crate::site::Site;

/// That of a document on a screen.
const WIDTH: u32 = 1000;
/// Of the page, with all its messages.
const HEIGHT: u32 = 920;
/// Who says what on the page.
const MESSAGES: [(&str, &str); 3] = [
    ("Ada", "The first version is live in staging."),
    ("Grace", "Production runs the same image."),
    ("Barbara", "Every old message is still here after the migration."),
];
/// What a run has left, each a page by itself, and how much of it is shown.
const PAGES: [(&str, u32); 2] = [("report", 760), ("releases", 490)];

/// Makes them into the folder `BROWSER_RUN`: the page as `page.png`, and each page that the run in
/// the folder `run` has left by its name.
pub async fn make(run: Option<&Path>) -> Result<()> {
    let site = Site::start(0).await?;
    for (author, text) in MESSAGES {
        site.stack.post(author, text).await?;
    }
    let browser = site.browser().await?;
    browser.look(false, (WIDTH, HEIGHT)).await?;
    browser.picture("page").await?;
    match run {
        Some(run) => of_run(&site, run).await,
        None => Ok(()),
    }
}

async fn of_run(site: &Site, run: &Path) -> Result<()> {
    let found = run.canonicalize();
    let run = found.with_context(|| format!("find the folder of a run, {}", run.display()))?;
    let folder = Url::from_directory_path(&run).ok();
    let folder = folder.with_context(|| format!("{} has no address", run.display()))?;
    let files = site
        .browser_at(folder.as_str().trim_end_matches('/').to_owned())
        .await?;
    for (page, height) in PAGES {
        let file = format!("{page}.html");
        ensure!(run.join(&file).is_file(), "{} has no {file}", run.display());
        files.look(false, (WIDTH, height)).await?;
        files.go(&format!("/{file}")).await?;
        files.picture(page).await?;
    }
    Ok(())
}
