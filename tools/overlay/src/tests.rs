//! Which forms are read and edited, and which are refused.

use super::*;

const OVERLAY: &str = "\
# What staging runs.
resources: [../../base]
images:
  # Written by CI only.
  - name: 000000000000.dkr.ecr.eu-central-1.amazonaws.com/gitops-loop/frontend
    digest: sha256:ffff
  - name: 000000000000.dkr.ecr.eu-central-1.amazonaws.com/gitops-loop/backend
    digest: \"sha256:1111\" # release 1
configMapGenerator:
  - name: backend
    literals: [digest=x]
";

const COMMIT: &str = "0123456789012345678901234567890123456789";

fn digest(text: &str, app: &str) -> Result<String, Error> {
    pin(text, app).map(|pin| pin.digest)
}

fn released(digest: &str) -> Pin {
    Pin {
        digest: digest.to_owned(),
        commit: Some(COMMIT.to_owned()),
        withdrawn: None,
    }
}

#[test]
fn the_pin_of_the_right_image_is_read() {
    assert_eq!(digest(OVERLAY, "backend").as_deref(), Ok("sha256:1111"));
    assert_eq!(digest(OVERLAY, "frontend").as_deref(), Ok("sha256:ffff"));
    let commit = |app| pin(OVERLAY, app).expect("an entry is there").commit;
    assert_eq!(commit("backend"), None);
    assert_eq!(commit("frontend"), None);
}

#[test]
fn one_line_changes_and_nothing_else() {
    let first = with_pin(OVERLAY, "backend", &released("sha256:2222")).expect("an entry is there");
    let line = format!("\"sha256:2222\" # commit {COMMIT}");
    assert_eq!(first, OVERLAY.replace("\"sha256:1111\" # release 1", &line));
    let second = with_pin(&first, "frontend", &released("sha256:3333")).expect("an entry is there");
    assert_eq!(
        second,
        first.replace("sha256:ffff", &format!("sha256:3333 # commit {COMMIT}"))
    );
    assert_eq!(pin(&second, "backend"), Ok(released("sha256:2222")));
}

#[test]
fn a_pin_written_twice_is_the_same() {
    let once = with_pin(OVERLAY, "backend", &released("sha256:2222")).expect("an entry is there");
    assert_eq!(
        with_pin(&once, "backend", &released("sha256:2222")),
        Ok(once.clone())
    );
}

#[test]
fn what_was_withdrawn_stands_behind_the_commit() {
    let later = COMMIT.replace('0', "a");
    let back = Pin {
        withdrawn: Some(later.clone()),
        ..released("sha256:2222")
    };
    let text = with_pin(OVERLAY, "backend", &back).expect("an entry is there");
    assert!(
        text.contains(&format!("\" # commit {COMMIT}, withdrawn {later}\n")),
        "{text}"
    );
    assert_eq!(pin(&text, "backend"), Ok(back));
    let forward = with_pin(&text, "backend", &released("sha256:3333")).expect("an entry is there");
    assert!(!forward.contains("withdrawn"), "{forward}");
}

#[test]
fn a_list_at_the_indentation_of_its_key_is_read() {
    let text = "images:\n- digest: sha256:aa\n  name: repo/backend\nkind: Kustomization\n";
    assert_eq!(digest(text, "backend").as_deref(), Ok("sha256:aa"));
    assert_eq!(
        with_pin(text, "backend", &released("sha256:bb")),
        Ok(text.replace("aa", &format!("bb # commit {COMMIT}")))
    );
}

#[test]
fn a_digest_still_empty_is_filled_in() {
    let text = "images:\n  - name: repo/backend\n    digest: \"\"\n";
    assert_eq!(
        with_pin(text, "backend", &released("sha256:bb")),
        Ok(format!(
            "images:\n  - name: repo/backend\n    digest: \"sha256:bb\" # commit {COMMIT}\n"
        ))
    );
}

#[test]
fn an_overlay_left_in_the_middle_of_a_merge_is_refused() {
    let text = "images:\n  - name: repo/backend\n<<<<<<< ours\n    digest: a\n=======\n    digest: b\n>>>>>>> theirs\n";
    let error = digest(text, "backend").expect_err("which one is it?");
    assert!(error.to_string().contains("left unfinished"), "{error}");
}

#[test]
fn other_shapes_are_refused() {
    let bare = "images:\n  - name: a/backend\n    digest:\n";
    assert_eq!(
        digest(bare, "backend"),
        Err(Error::Digests("backend".to_owned(), 0))
    );
    assert_eq!(
        digest("resources: []\n", "backend"),
        Err(Error::NoEntry("backend".to_owned()))
    );
    let twice = "images:\n  - name: a/backend\n    digest: x\n  - name: b/backend\n    digest: y\n";
    assert_eq!(
        digest(twice, "backend"),
        Err(Error::ManyEntries("backend".to_owned(), 2))
    );
    let tag = "images:\n  - name: a/backend\n    newTag: v1\n";
    assert_eq!(
        digest(tag, "backend"),
        Err(Error::Digests("backend".to_owned(), 0))
    );
}

#[test]
fn an_image_whose_name_only_ends_alike_is_another() {
    let text = "images:\n  - name: repo/my-backend\n    digest: x\n";
    assert_eq!(digest(text, "backend"), Err(Error::NoEntry("backend".to_owned())));
}

/// Overlays that pin the backend in ways that tools and people write, each of which is edited.
#[test]
fn what_formatters_make_of_it_is_edited_and_nothing_besides() {
    let mark = format!("# commit {COMMIT}");
    for (form, text) in [
        (
            "digest first",
            format!("images:\n- digest: sha256:aa {mark}\n  name: backend\n  newName: r/backend\n"),
        ),
        (
            "lines end in CR LF",
            format!("images:\r\n  - name: backend\r\n    digest: sha256:aa {mark}\r\nreplicas: []\r\n"),
        ),
        (
            "other quotes",
            "images:\n  - name: 'backend'\n    digest: 'sha256:aa'\n".to_owned(),
        ),
        (
            "other indentation",
            "images:\n        - name: backend\n          digest: sha256:aa\n".to_owned(),
        ),
        (
            "a document start",
            "---\nimages:\n- name: backend\n  digest: sha256:aa\n".to_owned(),
        ),
        (
            "a byte order mark",
            "\u{feff}images:\n- name: backend\n  digest: sha256:aa\n".to_owned(),
        ),
        (
            "a comment behind the key",
            "images: # by CI\n- name: backend\n  digest: sha256:aa\n".to_owned(),
        ),
        (
            "a dash alone",
            "images:\n-\n  name: frontend\n  digest: sha256:bb\n-\n  name: backend\n  digest: sha256:aa\n"
                .to_owned(),
        ),
        (
            "two blanks before the mark",
            format!("images:\n- name: backend\n  digest: sha256:aa  {mark}\n"),
        ),
        (
            "an anchor elsewhere",
            "images:\n- name: &n backend\n  newName: *n\n  digest: sha256:aa\n".to_owned(),
        ),
        (
            "no end of the last line",
            "images:\n- name: backend\n  digest: sha256:aa".to_owned(),
        ),
    ] {
        let pin = pin(&text, "backend");
        if form.starts_with("an anchor") {
            // Its name is no plain text; another form that is named.
            assert!(
                matches!(pin, Err(Error::Form(_, Form::Hidden))),
                "{form}: {pin:?}"
            );
            continue;
        }
        assert_eq!(pin.map(|pin| pin.digest).as_deref(), Ok("sha256:aa"), "{form}");
        let changed = with_pin(&text, "backend", &released("sha256:cc")).expect(form);
        assert_eq!(
            super::pin(&changed, "backend"),
            Ok(released("sha256:cc")),
            "{form}"
        );
        let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
        let differ = lines(&text)
            .into_iter()
            .zip(lines(&changed))
            .filter(|(one, other)| one != other);
        assert_eq!(differ.count(), 1, "{form}: {changed}");
        assert_eq!(
            text.matches('\r').count(),
            changed.matches('\r').count(),
            "{form}"
        );
    }
}

#[test]
fn a_mark_on_a_line_of_its_own_is_replaced_by_the_one_behind_the_digest() {
    let old = COMMIT.replace('0', "f");
    for text in [
        format!("images:\n  # commit {old}\n  - digest: sha256:aa\n    name: backend\n"),
        format!(
            "images:\n  - name: backend\n    # commit {old}, withdrawn {COMMIT}\n    digest: sha256:aa\n"
        ),
    ] {
        assert_eq!(pin(&text, "backend").map(|pin| pin.commit), Ok(None));
        let changed = with_pin(&text, "backend", &released("sha256:aa")).expect("an entry is there");
        assert!(!changed.contains(&old), "{changed}");
        assert_eq!(changed.matches("# commit").count(), 1, "{changed}");
    }
}

#[test]
fn marks_of_repositories_with_either_hash_are_read_and_others_are_none() {
    let long = "0a".repeat(32);
    for (comment, commit) in [
        (COMMIT, Some(COMMIT)),
        (long.as_str(), Some(long.as_str())),
        (&long[..41], None),
        ("master", None),
        ("", None),
    ] {
        let text = format!("images:\n- name: backend\n  digest: sha256:aa # commit {comment}\n");
        let pin = pin(&text, "backend").expect("an entry is there");
        assert_eq!(pin.commit.as_deref(), commit, "{comment}");
    }
}
