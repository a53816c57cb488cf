//! The commits that scenarios make are kept as patches; a patch that no longer applies must fail
//! here, not in a cluster.

use std::path::Path;

const MIGRATION: &str = "tools/e2e/fixtures/migration-3.patch";
const WORDS: &str = "tools/e2e/fixtures/words-migration.patch";
const PAGE: &str = "tools/e2e/fixtures/page-change.patch";

/// Whether git can apply `patches`, one after the other, to the repository as it is.
fn assert_apply(patches: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let checked = gitkit::Git::at(&root)
        .args(["apply", "--check"])
        .args(patches)
        .output()
        .expect("run git");
    assert!(
        checked.status.success(),
        "{patches:?} no longer apply; apply them by hand and write them anew with `git diff`:\n{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}

#[test]
fn every_patch_applies() {
    assert_apply(&[MIGRATION]);
    assert_apply(&[PAGE]);
    assert_apply(&[WORDS]);
}

#[test]
fn patches_apply_in_either_order() {
    assert_apply(&[PAGE, MIGRATION]);
    assert_apply(&[MIGRATION, PAGE]);
    assert_apply(&[PAGE, MIGRATION, WORDS]);
}
