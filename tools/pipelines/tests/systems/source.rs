//! The commit that the systems build.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{main_branch, project, root};

/// The repository as it lies here, uncommitted changes included, as one commit.
pub(crate) struct Source {
    folder: TempDir,
    pub(crate) commit: String,
}

impl Source {
    pub(crate) fn of_work_tree() -> Self {
        Self::make(None)
    }

    /// The same with other content of one file.
    pub(crate) fn with_change(file: &str) -> Self {
        Self::make(Some(file))
    }

    /// The same after `infra/` went elsewhere; the commit before still has it.
    pub(crate) fn without_manifests() -> Self {
        let source = Self::of_work_tree();
        let work = source.path();
        git(&work, &["rm", "-r", "--quiet", "infra", ":!infra/aws"]);
        git(&work, &["commit", "--quiet", "--message=Move the manifests"]);
        let commit = git(&work, &["rev-parse", "HEAD"]);
        Self { commit, ..source }
    }

    /// The same where the environment behind the first waits for its proof.
    pub(crate) fn with_a_gate() -> Self {
        let source = Self::of_work_tree();
        let work = source.path();
        let file = work.join(project::FILE);
        let text = fs::read_to_string(&file).expect("read the project");
        let branch = format!("branch = \"{}\"\n", main_branch());
        assert!(text.contains(&branch), "{text}");
        // A fork may have it so already.
        if !project().first().verifies() {
            let text = text.replacen(&branch, &format!("{branch}verify = true\n"), 1);
            fs::write(&file, text).expect("write the project");
        }
        let commit = ["commit", "--quiet", "--all", "--allow-empty"];
        git(&work, &[&commit[..], &["--message=Wait for staging"]].concat());
        let commit = git(&work, &["rev-parse", "HEAD"]);
        Self { commit, ..source }
    }

    // wing: versions
    /// What the work tree has, but the last environment follows versions.
    pub(crate) fn with_a_follower() -> Self {
        let source = Self::of_work_tree();
        let work = source.path();
        let file = work.join(project::FILE);
        let text = fs::read_to_string(&file).expect("read the project");
        let branch = format!("branch = \"{}\"\n", project().last().branch());
        assert!(text.contains(&branch), "{text}");
        // A fork may follow another range.
        let lines = text.split_inclusive('\n');
        let text: String = lines.filter(|line| !line.starts_with("follows = ")).collect();
        let text = text.replacen(&branch, &format!("{branch}follows = \"^1.2\"\n"), 1);
        fs::write(&file, text).expect("write the project");
        let commit = ["commit", "--quiet", "--all", "--allow-empty"];
        git(&work, &[&commit[..], &["--message=Follow versions"]].concat());
        let commit = git(&work, &["rev-parse", "HEAD"]);
        Self { commit, ..source }
    }
    // end of wing

    // wing: diff, previews
    /// The same with a line more at the end of one file; the commit before is without it.
    pub(crate) fn with_a_line_more(file: &str, line: &str) -> Self {
        let source = Self::of_work_tree();
        let work = source.path();
        let path = work.join(file);
        let text = fs::read_to_string(&path).expect("read a file");
        fs::write(&path, format!("{text}{line}\n")).expect("change a file");
        git(&work, &["commit", "--quiet", "--all", "--message=A line more"]);
        let commit = git(&work, &["rev-parse", "HEAD"]);
        Self { commit, ..source }
    }
    // end of wing

    fn make(changed: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let work = folder.path().join("source");
        for name in &gitkit::files(&root()).expect("list the files") {
            let (from, to) = (root().join(name), work.join(name));
            // Deleted and not committed yet.
            if from.is_file() {
                fs::create_dir_all(to.parent().expect("in a folder")).expect("make a folder");
                fs::copy(&from, &to).expect("copy a file");
            }
        }
        if let Some(file) = changed {
            let file = work.join(file);
            fs::create_dir_all(file.parent().expect("in a folder")).expect("make a folder");
            fs::write(file, "changed\n").expect("change a file");
        }
        git(&work, &["init", "--quiet", "--initial-branch", &main_branch()]);
        git(&work, &["add", "--all", "--force"]);
        git(&work, &["commit", "--quiet", "--message=Source"]);
        let commit = git(&work, &["rev-parse", "HEAD"]);
        Self { folder, commit }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("source")
    }
}

/// What Git says in `folder`, with nothing of this user's settings.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let git = gitkit::Git::at(folder).as_somebody().args(args);
    git.read().expect("run git").trim().to_owned()
}
