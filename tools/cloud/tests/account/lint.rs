//! cfn-lint knows every type's properties, also of those that no emulator has.

use std::fs;
use std::path::Path;

use cloud::checkout::Checkout;
use cloud::tools;

/// What it says of all templates in `folder`: nothing, if they are right.
fn lint(folder: &Path) -> Result<String, anyhow::Error> {
    let home = tempfile::tempdir()?;
    let mut lint = tools::program("cfn-lint", home.path())?;
    lint.args(["--format", "parseable"]);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            lint.arg(path);
        }
    }
    tools::output(&mut lint)
}

#[test]
fn every_template_is_right() {
    let said = lint(&tools::templates()).unwrap();
    assert_eq!(said.trim(), "");
}

#[test]
fn a_property_that_does_not_exist_is_found() {
    let spoilt = Checkout::copy().unwrap();
    spoilt
        .edit("repository.yaml", "ImageTagMutability:", "ImageTagMutabilty:")
        .unwrap();
    let error = lint(&spoilt.root().join("infra/aws")).unwrap_err().to_string();
    assert!(error.contains("ImageTagMutabilty"), "{error}");
}
