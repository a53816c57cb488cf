//! A newer version of the template comes into a copy that has changed.

use gitkit::Git;

use crate::checkout::{ACCOUNT, Checkout, REGION};
use crate::names::{APPLICATION, NAME, former};

const RECORD: &str = "template.toml";
const CHANGES: &str = "CHANGELOG.md";
/// Two parts that nothing stands on.
const WITHOUT: &str = "house-rules,secrets";

/// A version that no checkout has come to.
fn version(minor: usize) -> String {
    format!("900.{minor}.0")
}

/// The template, as it lies somewhere with its tags.
struct Template(Checkout);

impl Template {
    fn new() -> Self {
        let template = Self(Checkout::of_all());
        template.release(0);
        template
    }

    /// Commits what was changed as a version.
    fn release(&self, minor: usize) {
        let version = version(minor);
        with_version(&self.0, &version);
        let changes = self.0.read(CHANGES);
        let (head, rest) = changes.split_once("\n## ").expect("it has versions");
        let changes = format!("{head}\n## {version}\n\n- Change {minor}.\n\n## {rest}");
        self.0.write(CHANGES, &changes);
        self.0.commit();
        self.0.git(&["tag", &format!("template-v{version}")]);
    }

    fn append(&self, name: &str, text: &str) {
        self.0.write(name, &(self.0.read(name) + text));
    }
}

fn with_version(checkout: &Checkout, version: &str) {
    let text = checkout.read(RECORD);
    let lines = text.lines().map(|line| match line.strip_prefix("version = ") {
        Some(_) => format!("version = \"{version}\"\n"),
        None => format!("{line}\n"),
    });
    checkout.write(RECORD, &lines.collect::<String>());
}

/// What `cargo xtask update` says in a copy, and how it ends.
fn update(copy: &Checkout, template: &Template, arguments: &[&str]) -> (Option<i32>, String) {
    let mut update = copy.program("update");
    update.arg("--from").arg(template.0.path("")).args(arguments);
    let output = update.output().expect("run it");
    let code = output.status.code();
    let text = [output.stdout, output.stderr].concat();
    (code, String::from_utf8(text).expect("it is text"))
}

fn read(copy: &Checkout, args: &[&str]) -> String {
    Git::at(&copy.path(""))
        .args(args)
        .read()
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn five_versions_come_to_a_copy_of_another_name_with_an_app_and_without_two_parts() {
    let begun = std::time::Instant::now();
    let template = Template::new();
    let former = former(&template.0);
    println!("template {:.1}", begun.elapsed().as_secs_f64());
    // A copy shares no history with the template.
    let copy = template.0.copy();
    println!("copy {:.1}", begun.elapsed().as_secs_f64());
    copy.fork(&[
        "--name",
        NAME,
        "--application",
        APPLICATION,
        "--without",
        WITHOUT,
        "--account",
        ACCOUNT,
        "--region",
        REGION,
    ]);
    copy.commit();
    println!("fork {:.1}", begun.elapsed().as_secs_f64());
    template.append(
        "docs/CI.md",
        &format!("\nThe folder of the registry is `{}`.\n", former[0]),
    );
    for minor in 1..=5 {
        template.release(minor);
    }
    let (code, said) = update(&copy, &template, &["--check"]);
    assert_eq!(code, Some(10), "{said}");
    println!("{said} {:.1}", begun.elapsed().as_secs_f64());
    let (code, said) = update(&copy, &template, &[]);
    println!("{said} {:.1}", begun.elapsed().as_secs_f64());
    println!("{}", read(&copy, &["show", "--stat", "template/v900.5.0"]));
    println!("{}", read(&copy, &["show", "template/v900.5.0"]));
    assert_eq!(code, Some(0), "{said}");
}
