//! The page and its form without script.

use app::BoardError;

use crate::backend::Backend;
use crate::support::{attribute, browser, frontend, nobody, page, submit};

#[tokio::test]
async fn a_posted_message_is_on_the_page() {
    let base = frontend(&Backend::start().await.1).await;
    let answer = submit(&base, "Ada", "Hello <b>world</b>", "k").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (302, &"/".parse().unwrap())
    );

    let (status, html) = page(&base).await;
    assert_eq!(status, 200);
    assert!(html.contains("Hello &lt;b&gt;world&lt;/b&gt;"), "{html}");
    assert_eq!(attribute(&html, "data-uuid", "data-uuid"), Some("u-0"));
    assert_eq!(
        attribute(&html, "datetime=", "datetime"),
        Some("2026-01-01T00:00:00.000000Z")
    );
    assert_eq!(
        attribute(&html, "datetime=", "title"),
        Some("2026-01-01 00:00:00 UTC")
    );
}

#[tokio::test]
async fn the_page_says_where_it_comes_from() {
    let base = frontend(&Backend::start().await.1).await;
    let (_, html) = page(&base).await;
    let footer = |name| attribute(&html, "footer", name);
    assert_eq!(footer("data-commit"), Some("c0ffee"));
    assert_eq!(footer("data-environment"), Some("test"));
    assert_eq!(footer("data-schema"), Some("7"));
    assert!(html.contains(r#"<html lang="en">"#), "{html}");
}

#[tokio::test]
async fn each_page_has_a_key_of_its_own_and_the_backend_gets_it() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    let (first, second) = (page(&base).await.1, page(&base).await.1);
    let key = |html| attribute(html, r#"name="key""#, "value").unwrap();
    assert_ne!(key(&first), key(&second));

    submit(&base, "Ada", "Hello", key(&first)).await;
    assert_eq!(
        backend.received(api::IDEMPOTENCY_KEY).last().unwrap(),
        key(&first)
    );
    // A page of the release before this one has no such field.
    submit(&base, "Ada", "Hello", "").await;
    assert_eq!(backend.received(api::IDEMPOTENCY_KEY).last().unwrap(), "");
}

#[tokio::test]
async fn a_refused_message_comes_back_with_the_reason_at_its_field() {
    let base = frontend(&Backend::start().await.1).await;
    let answer = submit(&base, "Ada </b>&", " \n\n ", "k").await;
    assert_eq!(answer.status(), 422);
    let html = answer.text().await.unwrap();
    assert_eq!(html.matches("role=\"alert\"").count(), 1, "{html}");
    assert!(
        html.contains(r#"id="text-error""#) && html.contains("Must not be blank."),
        "{html}"
    );
    let field = |name| attribute(&html, r#"name="text""#, name);
    assert_eq!(
        (field("aria-invalid"), field("aria-describedby")),
        (Some("true"), Some("text-error"))
    );
    assert_eq!(attribute(&html, r#"name="author""#, "aria-invalid"), None);
    assert_eq!(
        attribute(&html, r#"name="author""#, "value"),
        Some("Ada &lt;/b&gt;&amp;")
    );
    assert_ne!(
        attribute(&html, r#"name="key""#, "value"),
        Some("k"),
        "another message needs another key"
    );
}

#[tokio::test]
async fn what_was_typed_is_kept_and_stays_inside_its_field() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    backend.set_down(true);
    let answer = submit(&base, "Ada", "\n</textarea><script>alert(1)</script> &lt;", "k").await;
    assert_eq!(answer.status(), 503);
    let html = answer.text().await.unwrap();
    assert!(
        html.contains(">\n\n&lt;/textarea>&lt;script>alert(1)&lt;/script> &amp;lt;</textarea>"),
        "{html}"
    );
    assert_eq!(
        attribute(&html, r#"name="key""#, "value"),
        Some("k"),
        "it may have been taken all the same: sent again it must be the same message"
    );
    assert!(
        !html.contains("http-equiv=\"refresh\""),
        "what was typed would be lost: {html}"
    );
}

#[tokio::test]
async fn a_form_sent_before_with_other_words_says_so() {
    let base = frontend(&Backend::start().await.1).await;
    let answer = submit(&base, "Ada", "other words", "k").await;
    assert_eq!(answer.status(), 409);
    let html = answer.text().await.unwrap();
    assert!(html.contains("was already sent with another message"), "{html}");
    assert_ne!(attribute(&html, r#"name="key""#, "value"), Some("k"));
}

#[tokio::test]
async fn a_script_learns_by_the_status_what_went_wrong() {
    for (backend, status) in [(Backend::start().await.1, 422), (nobody(), 503)] {
        let base = frontend(&backend).await;
        let request = browser()
            .post(format!("{base}/form/post"))
            .header("accept", "application/json");
        let answer = request
            .form(&[("author", "Ada"), ("text", " ")])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status);
    }
}

#[tokio::test]
async fn a_call_that_no_function_understands_is_the_callers_fault() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    let bodies: [&[u8]; 3] = [b"author=Ada", b"", b"author=Ada&text=\xff\xfe"];
    for body in bodies {
        let request = browser()
            .post(format!("{base}/form/post"))
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{}", body.escape_ascii());
    }
    let answer = browser().post(format!("{base}/form/gone")).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let error: BoardError = answer.json().await.unwrap();
    assert!(matches!(error, BoardError::Protocol(_)), "{error}");
    assert_eq!(backend.requests(), 0);
}

#[tokio::test]
async fn the_page_tells_when_the_backend_is_down_and_looks_again() {
    let base = frontend(&nobody()).await;
    let (status, html) = page(&base).await;
    assert_eq!(status, 503);
    assert_eq!(html.matches("cannot be reached just now").count(), 1, "{html}");
    assert!(html.contains(r#"data-backend="down""#), "{html}");
    assert!(html.contains(r#"<noscript><meta http-equiv="refresh""#), "{html}");
    assert_eq!(attribute(&html, "footer", "data-schema"), Some("unknown"));

    let (_, well) = page(&frontend(&Backend::start().await.1).await).await;
    assert!(
        !well.contains("data-backend") && !well.contains("http-equiv"),
        "{well}"
    );
}

#[tokio::test]
async fn older_messages_are_one_button_away() {
    let (backend, url) = Backend::start().await;
    let base = frontend(&url).await;
    for text in ["first", "second", "third", "fourth"] {
        backend.add(text);
    }
    let (_, html) = page(&base).await;
    assert!(html.contains("second") && !html.contains("first"), "{html}");
    let before = attribute(&html, r#"name="before""#, "value").unwrap();
    let (_, older) = page(&format!("{base}/?before={before}")).await;
    assert!(older.contains("first") && !older.contains("second"), "{older}");
    assert!(older.contains("Back to the newest messages") && !html.contains("Back to the newest"));
}

#[tokio::test]
async fn a_cursor_reaches_the_backend_as_it_is_and_a_bad_one_is_told() {
    let base = frontend(&Backend::start().await.1).await;
    let (status, html) = page(&format!("{base}/?before=bad+cursor+%26+all")).await;
    assert_eq!(status, 400);
    assert!(
        html.contains("Not accepted: the cursor is not one of this API."),
        "{html}"
    );
}

#[tokio::test]
async fn what_the_backend_refuses_without_a_word_is_refused_with_its_status() {
    let base = frontend(&Backend::start().await.1).await;
    let (status, html) = page(&format!("{base}/?before=too+long")).await;
    assert_eq!(status, 431);
    assert!(
        html.contains("Not accepted: Request Header Fields Too Large."),
        "{html}"
    );
    assert!(!html.contains("data-backend"), "nothing is down: {html}");
}

#[tokio::test]
async fn too_large_a_form_is_refused() {
    let base = frontend(&Backend::start().await.1).await;
    assert_eq!(submit(&base, "Ada", &"x".repeat(40_000), "k").await.status(), 413);
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_the_forms_fault() {
    let base = frontend(&Backend::start().await.1).await;
    for key in ["a\r\nb", "\0"] {
        let response = submit(&base, "Ada", "hello", key).await;
        assert_eq!(response.status(), 400, "{key:?}");
        let html = response.text().await.unwrap();
        assert!(html.contains("a key that was not given out"), "{html}");
    }
}
