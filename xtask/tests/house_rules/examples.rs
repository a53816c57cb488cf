//! Examples of the documents that are marked for it work: a shell carries them out, those of
//! a page in their order, in a copy of this checkout that has a forge of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock; // wing: generators
use std::thread;

use gitkit::Git;
use project::Project;
use tempfile::TempDir;

use crate::{files_of, names, none, root};

/// The line above an example.
const MARK: &str = "<!-- run -->\n```";

/// The marked examples of a page.
fn examples(text: &str) -> Vec<String> {
    let example = |rest: &str| {
        let (_, rest) = rest.split_once('\n')?;
        let (example, _) = rest.split_once("```")?;
        Some(example.to_owned())
    };
    text.split(MARK).skip(1).filter_map(example).collect()
}

/// Commands that make or remove what they name.
const MAKERS: &[&str] = &["new-app", "remove-app", "new-environment", "remove-environment"];

/// Whether an example makes or removes what this checkout has already, as a fork may: its commands
/// would come to something else there.
fn is_taken(example: &str, project: &Project) -> bool {
    let words: Vec<_> = example.split_whitespace().collect();
    let there = |name: &str| project.app(name).is_ok() || project.environment(name).is_ok();
    words
        .windows(2)
        .any(|pair| MAKERS.contains(&pair[0]) && there(pair[1]))
}

// wing: generators
/// Compiled once, as `cargo xtask` would when it is asked for one of them.
static GENERATORS: LazyLock<PathBuf> = LazyLock::new(|| {
    let shell = taskkit::checkout::shell().expect("open a shell");
    taskkit::program::compile(&shell, "generators").expect("compile the generators")
});
// end of wing

/// A copy of this checkout. It has no sources to compile, so its `cargo` is a script that runs the
/// programs of this one.
struct Checkout(TempDir);

impl Checkout {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let (checkout, bin) = (folder.path().join("checkout"), folder.path().join("bin"));
        // Sources are most of the files, and no example reads them.
        let is_source = |name: &&String| name.contains("/src/") || name.contains("/tests/");
        for name in names().iter().filter(|name| !is_source(name)) {
            let (from, to) = (root().join(name), checkout.join(name));
            fs::create_dir_all(to.parent().expect("a file has a folder")).expect("make a folder");
            // One that is deleted and not yet committed is still listed.
            fs::copy(from, to).ok();
        }
        fs::create_dir_all(&bin).expect("make a folder");
        let programs: &[(&str, &str, &Path)] = &[
            ("xtask\\ *", "shift", Path::new(env!("CARGO_BIN_EXE_xtask"))),
            ("'run --package generators -- '*", "shift 4", &GENERATORS), // wing: generators
        ];
        let programs = programs.iter().map(|(arguments, shift, program)| {
            let program = program.display();
            format!("{arguments}) {shift}; exec '{program}' \"$@\" ;;\n")
        });
        let cargo = format!(
            "#!/bin/sh\nexport CARGO_MANIFEST_DIR='{}'\ncase \"$*\" in\n{}esac\nexec '{}' \"$@\"\n",
            checkout.join("xtask").display(),
            programs.collect::<String>(),
            env!("CARGO"),
        );
        fs::write(bin.join("cargo"), cargo).expect("write a script");
        fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).expect("let it run");
        let copy = Self(folder);
        copy.git(&["init", "--quiet", "--bare", "../forge"]);
        for arguments in [
            &["init", "--quiet", "--initial-branch=master"][..],
            &["add", "--all"],
            &["commit", "--quiet", "--message", "A copy"],
            &["remote", "add", "origin", "../forge"],
            &["push", "--quiet", "--set-upstream", "origin", "master"],
        ] {
            copy.git(arguments);
        }
        copy
    }

    fn checkout(&self) -> PathBuf {
        self.0.path().join("checkout")
    }

    fn git(&self, arguments: &[&str]) {
        let git = Git::at(&self.checkout()).as_somebody().args(arguments);
        git.run().expect("prepare the copy");
    }

    /// What the shell says of an example that fails.
    fn fault(&self, example: &str) -> Option<String> {
        let path = std::env::var("PATH").unwrap_or_default();
        let somebody = ["AUTHOR", "COMMITTER"].into_iter().flat_map(|who| {
            [("NAME", "Somebody"), ("EMAIL", "somebody@example.com")]
                .map(|(what, value)| (format!("GIT_{who}_{what}"), value))
        });
        let mut shell = Command::new("bash");
        gitkit::forget(&mut shell);
        let said = shell
            .args(["-euo", "pipefail", "-c", example])
            .current_dir(self.checkout())
            .env("PATH", format!("{}:{path}", self.0.path().join("bin").display()))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("CARGO_NET_OFFLINE", "true")
            .envs(somebody)
            .stdin(Stdio::null())
            .output()
            .expect("start a shell");
        (!said.status.success()).then(|| format!("{example}{}", String::from_utf8_lossy(&said.stderr)))
    }
}

fn faults(name: &Path, text: &str) -> Vec<String> {
    let project = Project::load(&root()).expect("read the project");
    let mut examples = examples(text);
    examples.retain(|example| !is_taken(example, &project));
    let copy = Checkout::new();
    let mut faults = examples.iter().filter_map(|example| copy.fault(example));
    // Those behind it stand on it.
    let first = faults.next();
    first
        .into_iter()
        .map(|fault| format!("{}: {fault}", name.display()))
        .collect()
}

#[test]
fn marked_examples_work() {
    let pages = files_of("md").filter(|(_, text)| text.contains(MARK));
    let running: Vec<_> = pages
        .map(|(name, text)| thread::spawn(move || faults(Path::new(&name), &text)))
        .collect();
    assert!(!running.is_empty(), "no page has an example with the mark"); // wing: generators
    let faults = running
        .into_iter()
        .flat_map(|page| page.join().expect("a page ends"));
    none(&faults.collect::<Vec<_>>());
}

#[test]
fn an_example_is_left_out_where_what_it_makes_is_there() {
    let project = "name = \"p\"\napplication = \"a\"\n[[environments]]\nname = \"qa\"\nbranch = \"qa\"\n\
        [[apps]]\nname = \"bot\"\nkind = \"worker\"\npackage = \"bot\"\nfolder = \"apps/bot\"\n";
    let project = Project::of_text(project).expect("a project");
    for (example, taken) in [
        ("xtask new-environment qa --after staging\ngit push\n", true),
        ("git pull && xtask remove-app bot\n", true),
        (
            "xtask new-app other --kind worker\ngit commit -m \"Like the bot of qa\"\n",
            false,
        ),
    ] {
        assert_eq!(is_taken(example, &project), taken, "{example}");
    }
}

#[test]
fn an_example_that_fails_is_named_with_what_it_said() {
    let page = format!("{MARK}\ntrue\n```\n{MARK}sh\necho no way on >&2; false\n```\n```\nfalse\n```\n");
    let faults = faults(Path::new("page"), &page);
    assert_eq!(faults, ["page: echo no way on >&2; false\nno way on\n"]);
}
