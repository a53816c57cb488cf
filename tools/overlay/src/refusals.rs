//! Forms that are not edited, each with its reason.

use super::*;

const COMMIT: &str = "0123456789012345678901234567890123456789";

fn released(digest: &str) -> Pin {
    Pin {
        digest: digest.to_owned(),
        commit: Some(COMMIT.to_owned()),
        withdrawn: None,
    }
}

/// None of these may be edited by lines, and each says why.
#[test]
fn forms_that_cannot_be_edited_safely_are_refused_by_name() {
    let entry = |lines: &str| format!("images:\n- name: backend\n  {lines}\n");
    let anchored = "x: &b\n  digest: sha256:aa\nimages:\n- name: backend\n  <<: *b\n".to_owned();
    let used = "images:\n- &e\n  name: backend\n  digest: sha256:aa\nother: *e\n".to_owned();
    for (text, form) in [
        (
            entry("digest: &pin sha256:aa\n- name: other\n  digest: *pin"),
            Form::Anchor,
        ),
        (
            "x: &pin sha256:aa\nimages:\n- name: backend\n  digest: *pin\n".to_owned(),
            Form::Alias,
        ),
        (entry("digest: >-\n    sha256:aa"), Form::Block),
        (entry("digest: |\n    sha256:aa"), Form::Block),
        (entry("digest: !!str sha256:aa"), Form::Tag),
        (entry("digest: \"sha256:\\\n    aa\""), Form::Lines),
        (entry("digest: sha256\n    :aa"), Form::Other),
        (entry("digest: \"sha256\\u003aaa\""), Form::Other),
        (entry("\"digest\": sha256:aa"), Form::Hidden),
        (entry("? digest\n  : sha256:aa"), Form::Hidden),
        (
            "images: [{name: backend, digest: sha256:aa}]\n".to_owned(),
            Form::Hidden,
        ),
        (
            "images:\n- {name: backend, digest: sha256:aa}\n".to_owned(),
            Form::Hidden,
        ),
        (
            "{images: [{name: backend, digest: sha256:aa}]}\n".to_owned(),
            Form::Hidden,
        ),
        (
            "\"images\":\n- name: backend\n  digest: sha256:aa\n".to_owned(),
            Form::Hidden,
        ),
        (anchored, Form::Hidden),
        (used, Form::Shared),
    ] {
        let refused = with_pin(&text, "backend", &released("sha256:cc"));
        assert_eq!(refused, Err(Error::Form("backend".to_owned(), form)), "{text}");
    }
}

#[test]
fn what_is_not_one_document_of_yaml_is_refused() {
    for text in [
        "images:\n- name: backend\n  digest: sha256:aa\n---\nimages: []\n",
        "images:\n- name: backend\n\tdigest: sha256:aa\n  digest: sha256:aa\n",
        "images:\n- name: backend\n  digest: sha256:aa\nimages: []\n",
        "images:\n- name: backend\n  digest: sha256:aa\n  name: backend\n",
        "images:\n- name: backend\n  digest: sha256:aa\nreplicas: [\n",
    ] {
        let refused = with_pin(text, "backend", &released("sha256:cc"));
        assert!(
            matches!(refused, Err(Error::Yaml(_) | Error::Digests(..))),
            "{text}: {refused:?}"
        );
    }
}
