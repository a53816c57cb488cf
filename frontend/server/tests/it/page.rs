//! The page and its form without script.

use crate::support::{backend, browser, frontend, nobody, page, submit};

#[tokio::test]
async fn a_posted_message_is_on_the_page() {
    let base = frontend(&backend().await).await;
    let answer = submit(&base, &base, "Ada", "Hello <b>world</b>").await;
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], "/");

    let (status, html) = page(&base).await;
    assert_eq!(status, 200);
    assert!(html.contains("Hello &lt;b&gt;world&lt;/b&gt;"), "{html}");
    assert!(html.contains("2026-01-01 00:00 UTC"), "{html}");
}

#[tokio::test]
async fn the_page_says_where_it_comes_from() {
    let base = frontend(&backend().await).await;
    let (_, html) = page(&base).await;
    assert!(html.contains(r#"data-commit="c0ffee""#), "{html}");
    assert!(html.contains(r#"data-environment="test""#), "{html}");
    assert!(html.contains(r#"<html lang="en">"#), "{html}");
}

#[tokio::test]
async fn a_refused_message_comes_back_with_the_reason() {
    let base = frontend(&backend().await).await;
    let mut location = base.clone();
    // The second time the form stands on a page that already shows a refusal.
    for _ in 0..2 {
        let answer = submit(&base, &location, "Ada", " ").await;
        assert_eq!(answer.status(), 302);
        answer.headers()["location"]
            .to_str()
            .unwrap()
            .clone_into(&mut location);
        let (status, html) = page(&location).await;
        assert_eq!(status, 200);
        assert_eq!(html.matches("text must not be blank").count(), 1, "{html}");
    }
    let answer = submit(&base, &location, "Ada", "better").await;
    assert_eq!(answer.headers()["location"], "/", "the refusal is forgotten");
}

#[tokio::test]
async fn a_script_learns_by_the_status_what_went_wrong() {
    for (backend, status) in [(backend().await, 422), (nobody(), 503)] {
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
async fn the_page_tells_when_the_backend_is_down() {
    let base = frontend(&nobody()).await;
    let (status, html) = page(&base).await;
    assert_eq!(status, 503);
    assert!(html.contains("cannot be reached just now"), "{html}");

    let answer = submit(&base, &base, "Ada", "Hello").await;
    assert_eq!(answer.status(), 302);
    let (_, html) = page(answer.headers()["location"].to_str().unwrap()).await;
    assert_eq!(
        html.matches("cannot be reached just now").count(),
        2,
        "form and list both say so: {html}"
    );
}

#[tokio::test]
async fn older_messages_are_one_link_away() {
    let base = frontend(&backend().await).await;
    for text in ["first", "second"] {
        submit(&base, &base, "Ada", text).await;
    }
    let (_, html) = page(&base).await;
    let href = html
        .split("<a href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    let (_, older) = page(&format!("{base}{href}")).await;
    assert!(older.contains("first") && !older.contains("second"), "{older}");
}

#[tokio::test]
async fn too_large_a_form_is_refused() {
    let base = frontend(&backend().await).await;
    assert_eq!(
        submit(&base, &base, "Ada", &"x".repeat(40_000)).await.status(),
        413
    );
}
