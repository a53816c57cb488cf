//! Text that takes care: what HTML does not carry, what a field counts in another way, and line
//! breaks.

use anyhow::{Context as _, Result};
use board_api::{MAX_AUTHOR, MAX_TEXT, MessageList};
use browser::{Browser, Site};
use dev::Stack;

use crate::elsewhere::post;

const AUTHOR: &str = "[name=author]";
const TEXT: &str = "[name=text]";
const BUTTON: &str = "button[type=submit]";
/// Messages of the first page.
const PAGE: usize = 20;

async fn listed(stack: &Stack) -> Result<MessageList> {
    let url = format!("{}{}", stack.backend_url(), board_api::MESSAGES);
    let list = reqwest::get(url).await?.error_for_status()?;
    list.json().await.context("the backend lists the messages")
}

/// Stores a message as no API takes it.
async fn store(stack: &Stack, uuid: &str, author: &str, text: &str, posted_at: &str) -> Result<()> {
    let message = [
        ("uuid", uuid),
        ("author", author),
        ("text", text),
        ("posted_at", posted_at),
        ("board", "main"),
    ];
    stack.put(&message).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_character_that_html_does_not_carry_stops_no_page() -> Result<()> {
    let site = Site::start(0).await?;
    let others = [
        '\u{7F}',
        '\u{85}',
        '\u{9F}',
        '\u{FDD0}',
        '\u{FFFF}',
        '\u{10FFFF}',
        '\u{FEFF}',
        '\u{200B}',
    ];
    let characters: Vec<_> = ('\0'..='\u{1F}').chain(others).map(String::from).collect();
    let pairs = characters.chunks(2);
    assert_eq!(pairs.len(), PAGE, "each is on the first page");
    for (number, pair) in pairs.enumerate() {
        let (uuid, posted_at) = (
            format!("stored-{number}"),
            format!("2026-01-01T00:00:{number:02}.000000Z"),
        );
        store(&site.stack, &uuid, &pair[0], &pair[1], &posted_at).await?;
    }
    let browser = site.browser().await?;
    browser.picture("stored-characters").await?;
    post(&site.stack, "k", "News of another").await?;
    browser.newest_is("News of another").await?;
    browser.post("Ada", "My own").await?;
    browser.newest_is("My own").await?;

    // One more comes while the page is open.
    let now = listed(&site.stack).await?.messages.swap_remove(0).posted_at;
    store(&site.stack, "late", "\0", "\0", &now).await?;
    browser.shows("[data-uuid=late]").await?;
    post(&site.stack, "l", "News after it").await?;
    browser.newest_is("News after it").await?;
    assert_eq!(browser.console().await?, Vec::<String>::new());
    Ok(())
}

/// The document is another than the page's script expects, as it was with a text that the browser's
/// parser had dropped.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_alive_does_not_say_so() -> Result<()> {
    let site = Site::start(3).await?;
    let browser = site.browser().await?;
    browser
        .before_documents(
            "new MutationObserver(() => document.querySelectorAll('li .text').forEach(text => text.replaceChildren())) \
             .observe(document, {childList: true, subtree: true});",
        )
        .await?;
    browser.go("/").await?;
    let mut console = Vec::new();
    browser
        .until("the script has failed", async || {
            console.extend(browser.console().await?);
            Ok(console.iter().any(|line: &String| line.contains("panicked")))
        })
        .await?;
    // Whatever the script still had to do, it has had its turn.
    browser
        .run("return new Promise(resolve => setTimeout(resolve, 200));")
        .await?;
    assert_eq!(browser.count("html[data-hydrated]").await?, 0, "{console:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_character_that_html_does_not_carry_is_refused_at_its_field() -> Result<()> {
    let site = Site::start(0).await?;
    for (browser, name) in both(&site).await? {
        browser.paste(AUTHOR, "A\u{8}da").await?;
        browser.paste(TEXT, "one\u{B}two").await?;
        browser.press(BUTTON).await?;
        for (field, reason, shown) in [
            ("author", "Has U+0008 as character 2", "A\u{FFFD}da"),
            ("text", "Has U+000B as character 4", "one\u{FFFD}two"),
        ] {
            let error = browser.shows(&format!("#{field}-error")).await?.text().await?;
            assert!(error.contains(reason), "{name}: {error}");
            let value = browser.value(&format!("[name={field}]")).await?;
            assert_eq!(value, shown, "{name}: the character is seen");
        }
        browser.picture(&format!("refused-character-{name}")).await?;
    }
    assert_eq!(listed(&site.stack).await?.messages, []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_takes_what_the_backend_takes() -> Result<()> {
    let site = Site::start(0).await?;
    // Two units of JavaScript each; and each line break is one character, though a form sends two.
    let author = "🦀".repeat(MAX_AUTHOR);
    let text = vec!["🦀".repeat(MAX_TEXT / 20 - 1); 20].join("\n") + "🦀";
    assert_eq!(text.chars().count(), MAX_TEXT);
    for (browser, name) in both(&site).await? {
        browser.paste(AUTHOR, &author).await?;
        browser.paste(TEXT, &format!("{text}!")).await?;
        browser.picture(&format!("too-long-{name}")).await?;
        browser.press(BUTTON).await?;
        let error = browser.shows("#text-error").await?.text().await?;
        assert!(
            error.contains("1001 characters, 1000 are allowed"),
            "{name}: {error}"
        );
        let count = browser.shows("#text-count[data-over]").await?.text().await?;
        assert_eq!(
            (count.as_str(), browser.value(TEXT).await?),
            ("1001 of 1000 characters.", format!("{text}!")),
            "{name}"
        );

        browser.paste(TEXT, &text).await?;
        browser.press(BUTTON).await?;
        browser.newest_is(&text).await?;
        let newest = listed(&site.stack).await?.messages.swap_remove(0);
        assert_eq!(
            (newest.author, newest.text),
            (author.clone(), text.clone()),
            "{name}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_counts_what_is_written() -> Result<()> {
    let site = Site::start(0).await?;
    let browser = site.browser().await?;
    let count = async |text: &str| {
        browser.paste(TEXT, text).await?;
        browser
            .shows("#text-count")
            .await?
            .text()
            .await
            .context("the count has words")
    };
    assert_eq!(count("a\n🦀").await?, "3 of 1000 characters.");
    assert_eq!(browser.count("#text-count[data-over]").await?, 0);
    assert_eq!(count(&"x".repeat(1001)).await?, "1001 of 1000 characters.");
    browser.shows("#text-count[data-over]").await?;
    assert_eq!(count("a").await?, "1 of 1000 characters.");
    // Of what is being posted the field is empty.
    browser.post("Ada", "Hello").await?;
    browser.newest_is("Hello").await?;
    let words = browser.shows("#text-count").await?.text().await?;
    assert_eq!(words, "At most 1000 characters.");
    Ok(())
}

/// A browser with script and one without, and what to call them.
async fn both(site: &Site) -> Result<[(Browser, &'static str); 2]> {
    let (with, without) = tokio::try_join!(site.browser(), site.browser_without_script())?;
    Ok([(with, "with-script"), (without, "without-script")])
}
