//! What a person is told once everything is up.

use std::fs;

use super::*;
use crate::run::run_dir;

/// What the page shows of it stands behind this.
const SHOWN: &str = "<!-- output of: cargo xtask e2e up -->\n```\n";

fn interface(environment: Environment, address: &str, has_pages: bool) -> Interface {
    Interface {
        environment,
        address: address.to_owned(),
        has_pages,
    }
}

#[test]
fn a_person_is_told_each_address_and_each_next_command() {
    let first = Environment::first();
    let up = Loop {
        environments: vec![(first, "http://127.0.0.1:1", Path::new("/run/config"))],
        interfaces: [true, false]
            .map(|has_pages| interface(first, "http://127.0.0.1:3", has_pages))
            .into(),
        repository: "http://127.0.0.1:2/o/code".to_owned(),
        manifests: "http://127.0.0.1:2/o/infra".to_owned(),
        user: "operator",
        password: "secret",
        remote: "http://operator:secret@127.0.0.1:2/o/code.git".to_owned(),
        run: Path::new("/run"),
        kubectl: Path::new("/cache/kubectl"),
    };
    let lines = up.lines().join("\n");
    for told in [
        "http://127.0.0.1:1\n",
        "http://127.0.0.1:2/o/code\n",
        "http://127.0.0.1:2/o/infra/pulls\n",
        "user operator, password secret ",
        "http://127.0.0.1:3/applications ",
        "http://127.0.0.1:3/api/v1/applications ",
        "file:///run/releases.html\n",
        "export KUBECONFIG=/run/config\n",
        "/cache/kubectl get applications --namespace argocd\n",
        "  git clone http://operator:secret@127.0.0.1:2/o/code.git\n",
        "  cargo xtask demo ",
        "  cargo xtask e2e down ",
    ] {
        assert!(lines.contains(told), "{told}: {lines}");
    }
}

/// What differs from run to run is as the page has it.
#[test]
fn the_page_shows_what_a_person_is_told_of_what_is_up() {
    let page = fs::read_to_string(run_dir::repo_root().unwrap().join("README.md")).unwrap();
    // A fork may have a page of its own there.
    let Some((_, shown)) = page.split_once(SHOWN) else {
        return;
    };
    let (shown, _) = shown.split_once("```\n").expect("what is shown has an end");
    let [first, last] = [Environment::first(), Environment::last()];
    let repository = "http://127.0.0.1:22113/gitops-loop/gitops-loop";
    let up = Loop {
        environments: vec![
            (
                first,
                "http://127.0.0.1:27511",
                Path::new("/loop/target/e2e/RUN/kubeconfig-staging"),
            ),
            (
                last,
                "http://127.0.0.1:29973",
                Path::new("/loop/target/e2e/RUN/kubeconfig-production"),
            ),
        ],
        interfaces: vec![
            interface(first, "http://127.0.0.1:31654", true),
            interface(last, "http://127.0.0.1:27452", true),
        ],
        repository: repository.to_owned(),
        manifests: repository.to_owned(),
        user: "operator",
        password: "made-for-this-run",
        remote: String::new(),
        run: Path::new("/loop/target/e2e/RUN"),
        kubectl: Path::new("/cache/kubectl"),
    };
    let lines = up.lines();
    let told = lines.iter().skip(1).take_while(|line| *line != "next:");
    let told: String = told.flat_map(|line| [line.as_str(), "\n"]).collect();
    assert!(shown == told, "README.md shows\n{shown}and this is said:\n{told}");
}
