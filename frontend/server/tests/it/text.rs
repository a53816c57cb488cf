//! Text that HTML does not carry as it is: stored, posted, and how much of it fits the fields.

use crate::backend::Backend;
use crate::support::{attribute, browser, frontend, page, submit};

/// Every character that is refused, but carriage return, and some of those that are not.
fn characters() -> impl Iterator<Item = (char, bool)> {
    let controls = ('\0'..='\u{1F}').chain('\u{7F}'..='\u{9F}');
    let refused = controls.filter(|character| !"\t\n\r".contains(*character));
    let refused = refused.chain(['\u{FDD0}', '\u{FFFE}', '\u{FFFF}', '\u{1FFFF}', '\u{10FFFF}']);
    let carried = [
        '\t',
        '\n',
        '\u{AD}',
        '\u{200B}',
        '\u{2028}',
        '\u{FEFF}',
        '\u{FFFD}',
        '\u{E0041}',
    ];
    refused
        .map(|character| (character, false))
        .chain(carried.map(|character| (character, true)))
}

#[tokio::test]
async fn a_stored_character_is_on_the_page_as_it_is_or_replaced() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    for (character, is_carried) in characters() {
        let shown = if is_carried { character } else { '\u{FFFD}' };
        for (text, shown) in [
            (format!("{character}"), format!("{shown}")),
            (format!("a{character}b"), format!("a{shown}b")),
        ] {
            backend.add(&text);
            let (status, html) = page(&base).await;
            assert_eq!(status, 200);
            assert!(
                html.contains(&format!(r#"<p class="text">{shown}</p>"#)),
                "{text:?}: {html}"
            );
            assert!(is_carried || !html.contains(character), "{text:?}: {html:?}");
            // The script begins with the same: it finds the message in the data that the document
            // carries.
            let data = serde_json::to_string(&shown).unwrap();
            let data = format!("{:?}", format!(r#""text":{data}"#));
            assert!(html.contains(data.trim_matches('"')), "{text:?}: {html:?}");
        }
    }
}

#[tokio::test]
async fn stored_line_breaks_are_those_of_html() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    backend.add("one\r\ntwo\rthree\n");
    let (_, html) = page(&base).await;
    assert!(html.contains("one\ntwo\nthree\n</p>"), "{html:?}");
}

#[tokio::test]
async fn a_script_is_given_what_the_page_shows() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    backend.add("\0");
    let list = browser().post(format!("{base}/form/list")).send().await.unwrap();
    assert_eq!(list.status(), 200);
    let list: api::MessageList = list.json().await.unwrap();
    assert_eq!(list.messages[0].text, "\u{FFFD}");
}

#[tokio::test]
async fn what_is_refused_for_a_character_comes_back_with_it_to_be_seen() {
    let base = frontend(&Backend::start().await.1).await;
    let answer = submit(&base, "A\u{8}da", "one\r\ntwo\0three", "k").await;
    assert_eq!(answer.status(), 422);
    let html = answer.text().await.unwrap();
    assert_eq!(attribute(&html, r#"name="author""#, "value"), Some("A\u{FFFD}da"));
    assert!(html.contains(">\none\ntwo\u{FFFD}three</textarea>"), "{html:?}");
    assert!(html.contains("13 of 1000 characters."), "{html}");
}

#[tokio::test]
async fn no_field_stops_a_person_before_the_backend_does() {
    let (_, html) = page(&frontend(&Backend::start().await.1).await).await;
    for (name, longest) in [("author", api::MAX_AUTHOR), ("text", api::MAX_TEXT)] {
        let stops_at = attribute(&html, &format!(r#"name="{name}""#), "maxlength").unwrap();
        let units = char::MAX.to_string().repeat(longest).encode_utf16().count();
        assert_eq!(stops_at.parse(), Ok(units), "{name}");
    }
    assert!(html.contains("At most 1000 characters."), "{html}");
}
