//! What is compiled into an image, as `CycloneDX`: every crate of the app with version, licence and
//! hash, asked of cargo itself.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use xshell::Shell;

use crate::ci::apps::compiled;
use project::App;
use taskkit::build::toolchain::Target;
use taskkit::checkout;

/// A crate that the linker was given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    /// As in its manifest, an SPDX expression.
    license: String,
}

/// The bill of materials of `app`. The same content gives the same text.
pub(crate) fn of(sh: &Shell, app: &App, digest: &str) -> Result<Value> {
    let mut crates = BTreeSet::new();
    for (package, target) in compiled(app) {
        crates.extend(crates_of(sh, package, target)?);
    }
    let lock = sh.read_file("Cargo.lock").context("read Cargo.lock")?;
    Ok(bill(app.name(), digest, &crates, &checksums(&lock)?))
}

fn crates_of(sh: &Shell, package: &str, target: Target) -> Result<BTreeSet<Crate>> {
    let triple = target.triple();
    let tree = checkout::cargo(sh)
        .args([
            "tree",
            "--locked",
            "--quiet",
            "--package",
            package,
            "--target",
            &triple,
        ])
        // What runs at compile time is in no image.
        .args([
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--format",
            "{p}\t{l}",
        ])
        .quiet()
        .read()
        .with_context(|| format!("ask cargo what {package} is made of"))?;
    tree.lines()
        .filter(|line| !line.is_empty())
        .map(|line| read(line).with_context(|| format!("understand cargo's line `{line}`")))
        .collect()
}

/// A line as `name v1.2.3 (where it lies)<tab>licence (*)`; the end tells of repetition.
fn read(line: &str) -> Option<Crate> {
    let (package, license) = line.split_once('\t')?;
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    Some(Crate {
        name: name.to_owned(),
        version: version.to_owned(),
        // The old way to say `OR`.
        license: license.trim_end_matches("(*)").trim().replace('/', " OR "),
    })
}

/// By name and version: the SHA-256 of each crate that comes from a registry.
fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        checksum: Option<String>,
    }
    let lock: Lock = toml::from_str(lock).context("understand Cargo.lock")?;
    let from_registry = |package: Package| Some(((package.name, package.version), package.checksum?));
    Ok(lock.package.into_iter().filter_map(from_registry).collect())
}

fn bill(
    app: &str,
    digest: &str,
    crates: &BTreeSet<Crate>,
    checksums: &BTreeMap<(String, String), String>,
) -> Value {
    let components = crates.iter().map(|found| {
        let Crate {
            name,
            version,
            license,
        } = found;
        let mut component = json!({
            "type": "library",
            "bom-ref": format!("{name}@{version}"),
            "name": name,
            "version": version,
        });
        if !license.is_empty() {
            component["licenses"] = json!([{ "expression": license }]);
        }
        // The others are this repository's.
        if let Some(checksum) = checksums.get(&(name.clone(), version.clone())) {
            component["purl"] = json!(format!("pkg:cargo/{name}@{version}"));
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        component
    });
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": {
            "type": "container", "bom-ref": app, "name": app, "version": digest,
        } },
        "components": components.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::real;

    #[test]
    fn a_line_of_cargo_is_read_however_it_ends() {
        let serde = Crate {
            name: "serde".to_owned(),
            version: "1.0.1+x".to_owned(),
            license: "MIT OR Apache-2.0".to_owned(),
        };
        assert_eq!(read("serde v1.0.1+x\tMIT/Apache-2.0 (*)").as_ref(), Some(&serde));
        assert_eq!(
            read("serde v1.0.1+x (/somewhere/serde)\tMIT OR Apache-2.0").as_ref(),
            Some(&serde)
        );
        assert_eq!(read("serde"), None);
    }

    /// Whether one may choose licences of `allowed` alone.
    fn is_allowed(expression: &str, allowed: &[String]) -> bool {
        let bare = expression.replace(['(', ')'], "");
        bare.split(" AND ").all(|part| {
            part.split(" OR ")
                .any(|one| allowed.iter().any(|other| other == one.trim()))
        })
    }

    #[test]
    fn no_image_has_a_licence_that_is_not_allowed() {
        let sh = checkout::shell().unwrap();
        let rules: toml::Value = toml::from_str(&sh.read_file("deny.toml").unwrap()).unwrap();
        let allowed: Vec<String> = rules["licenses"]["allow"].clone().try_into().unwrap();
        assert!(is_allowed("(MIT OR GPL-3.0) AND ISC", &allowed));
        assert!(!is_allowed("MIT AND GPL-3.0", &allowed) && !is_allowed("GPL-3.0", &allowed));
        for app in real().apps() {
            let bill = of(&sh, app, "sha256:0").unwrap();
            for component in bill["components"].as_array().unwrap() {
                let license = component["licenses"][0]["expression"]
                    .as_str()
                    .unwrap_or_default();
                assert!(is_allowed(license, &allowed), "{}: {component}", app.name());
            }
        }
    }

    #[test]
    fn each_app_names_what_it_is_made_of_and_nothing_of_the_other() {
        let sh = checkout::shell().unwrap();
        let names = |app: &App| -> Vec<String> {
            let bill = of(&sh, app, "sha256:0").unwrap();
            let components = bill["components"].as_array().unwrap();
            for component in components {
                let own = component.get("purl").is_none();
                assert_ne!(own, component.get("hashes").is_some(), "{component}");
                assert!(component.get("licenses").is_some(), "{component}");
            }
            components
                .iter()
                .map(|component| component["name"].as_str().unwrap().to_owned())
                .collect()
        };
        let project = real();
        let has = |names: &[String], name: &str| names.iter().any(|other| other == name);
        for app in project.apps() {
            let made_of = names(app);
            assert!(has(&made_of, app.package()), "{app}");
            let others = project.apps().iter().filter(|other| *other != app);
            for other in others {
                assert!(!has(&made_of, other.package()), "{app} and {other}");
            }
            // Used while compiling.
            assert!(!has(&made_of, "serde_derive"), "{app}");
        }
        // wing: sample
        let backend = names(project.app("backend").unwrap());
        let frontend = names(project.app("frontend").unwrap());
        assert!(has(&backend, "aws-sdk-dynamodb") && has(&backend, "api"));
        assert!(!has(&backend, "leptos") && !has(&frontend, "aws-sdk-dynamodb"));
        // Both halves of the page: the server, and what the browser loads.
        assert!(has(&frontend, "axum") && has(&frontend, "hydrate") && has(&frontend, "wasm-bindgen"));
        // Used by tests.
        assert!(!has(&backend, "testkit"));
        // end of wing
    }
}
