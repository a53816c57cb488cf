//! Files, health, and addresses that do not exist.

use api::Version;
use serverkit::shutdown::Draining;

use crate::support::{browser, frontend, frontend_with, nobody, page};

async fn header(url: &str, name: &str) -> (u16, String) {
    let response = browser().get(url).send().await.unwrap();
    let value = response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
        .to_owned();
    (response.status().as_u16(), value)
}

#[tokio::test]
async fn files_have_their_types() {
    let base = frontend(&nobody()).await;
    for (path, kind) in [
        ("/pkg/app.js", "text/javascript"),
        ("/pkg/app_bg.wasm", "application/wasm"),
        ("/style.css", "text/css"),
        ("/v/c0ffee/pkg/app_bg.wasm", "application/wasm"),
    ] {
        assert_eq!(
            header(&format!("{base}{path}"), "content-type").await,
            (200, kind.into()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn who_reads_brotli_gets_less() {
    let base = frontend(&nobody()).await;
    let url = format!("{base}/v/c0ffee/pkg/app_bg.wasm");
    for (accepted, encoding, body) in [("gzip, br", Some("br"), &b"small"[..]), ("gzip", None, b"\0asm")] {
        let request = browser().get(&url).header("accept-encoding", accepted);
        let answer = request.send().await.unwrap();
        let header = |name| answer.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("content-encoding"), encoding);
        assert_eq!(header("content-type"), Some("application/wasm"));
        assert!(header("vary").unwrap().eq_ignore_ascii_case("accept-encoding"));
        assert_eq!(answer.bytes().await.unwrap(), body);
    }
}

#[tokio::test]
async fn only_addresses_that_name_this_commit_are_kept() {
    let base = frontend(&nobody()).await;
    for (path, status, control) in [
        ("/v/c0ffee/pkg/app.js", 200, "public, max-age=31536000, immutable"),
        ("/v/c0ffee/pkg/none.js", 404, "no-store"),
        ("/v/0ther/pkg/app.js", 404, "no-store"),
        ("/pkg/app.js", 200, "no-store"),
        ("/", 503, "no-store"),
    ] {
        let found = header(&format!("{base}{path}"), "cache-control").await;
        assert_eq!(found, (status, control.into()), "{path}");
    }
}

#[tokio::test]
async fn the_page_refers_to_files_that_exist() {
    for arguments in [&["--app-commit", "c0ffee"][..], &[]] {
        let base = frontend_with(&nobody(), Draining::default(), arguments).await;
        let (_, html) = page(&base).await;
        let files: Vec<_> = html
            .split("<link")
            .skip(1)
            .filter_map(|link| link.split("href=\"").nth(1)?.split('"').next())
            .filter(|href| !href.ends_with("favicon.svg"))
            .collect();
        assert_eq!(files.len(), 3, "style, script, module: {html}");
        for file in files {
            assert_eq!(
                header(&format!("{base}{file}"), "content-type").await.0,
                200,
                "{file}"
            );
        }
    }
}

#[tokio::test]
async fn unknown_addresses_get_a_page_that_says_so() {
    let base = frontend(&nobody()).await;
    let (status, html) = page(&format!("{base}/nowhere")).await;
    assert_eq!(status, 404);
    assert!(html.contains("Go to the message board."), "{html}");
}

#[tokio::test]
async fn health_does_not_ask_the_backend() {
    let draining = Draining::default();
    let base = frontend_with(&nobody(), draining.clone(), &["--app-commit", "c0ffee"]).await;
    assert_eq!(page(&format!("{base}{}", api::HEALTHZ)).await.0, 200);
    assert_eq!(page(&format!("{base}{}", api::READYZ)).await.0, 200);
    draining.begin();
    assert_eq!(page(&format!("{base}{}", api::HEALTHZ)).await.0, 200);
    assert_eq!(page(&format!("{base}{}", api::READYZ)).await.0, 503);

    let (_, version) = page(&format!("{base}{}", api::VERSION)).await;
    let expected = Version {
        commit: "c0ffee".into(),
        environment: "test".into(),
    };
    assert_eq!(serde_json::from_str::<Version>(&version).unwrap(), expected);
}
