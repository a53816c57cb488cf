//! What the work tree is like when it cannot be brought to what is wanted.

use std::os::unix::fs::symlink;

use super::*;

/// A checkout with the file `a`, in which Git ignores `ignored`.
fn checkout() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at(".gitignore"), "/ignored\n").unwrap();
    fs::write(at("a"), "old").unwrap();
    for args in [
        ["init", "--quiet"].as_slice(),
        &["add", "--all"],
        &["commit", "--quiet", "--message=One"],
    ] {
        Git::at(folder.path()).as_somebody().args(args).run().unwrap();
    }
    folder
}

#[test]
fn a_folder_that_takes_no_file_stops_it_before_the_first() {
    let folder = checkout();
    // No user may make files there, whatever they may do elsewhere.
    symlink("/dev/fd", folder.path().join("ignored")).unwrap();
    let tree = Tree::read(folder.path()).unwrap();
    let mut wanted = tree.files().clone();
    wanted.insert("a".into(), File::of("new"));
    wanted.insert("ignored/b".into(), File::of("new"));
    let error = format!("{:#}", tree.bring_to(&wanted).unwrap_err());
    assert!(error.contains("the folder ignored cannot"), "{error}");
    assert!(error.contains("nothing was written"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("a")).unwrap(), "old");
    wanted.remove(Path::new("ignored/b"));
    tree.bring_to(&wanted).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("a")).unwrap(), "new");
}
