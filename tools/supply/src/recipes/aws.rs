//! `LocalStack`, with `DynamoDB` Local and AWS' command line in it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::debian::DebianRoot;
use crate::part::Part;
use crate::workshop::{Workshop, minutes};

/// Same interface as upstream's image for `CloudFormation`, `DynamoDB`, IAM and STS.
pub const PART: Part = Part {
    name: "aws",
    context: &[
        ("Containerfile", include_str!("../../images/aws/Containerfile")),
        ("launcher.py", include_str!("../../images/aws/launcher.py")),
        ("pom.xml", include_str!("../../images/aws/pom.xml")),
    ],
    source: include_str!("aws.rs"),
    prepare,
};

/// The Python of the suite in `versions.toml`; the Containerfile names it too.
const PYTHON: &str = "3.11";

const PACKAGES: &[&str] = &[
    "base-files",
    "ca-certificates",
    "coreutils",
    "dash",
    "media-types",
    "netbase",
    "openjdk-17-jre-headless",
    "python3",
    "sed",
    "tzdata",
];

fn prepare(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    python_packages(shop, folder)?;
    dynamodb_local(shop, folder)?;
    DebianRoot {
        name: "aws",
        packages: PACKAGES,
    }
    .extract(shop, &folder.join("root.tar"))
}

/// uv, because pip cannot resolve as of a day.
fn python_packages(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let sh = Shell::new().context("open a shell")?;
    let pin = |key| shop.versions.get("aws", key);
    let (localstack, resolved) = (pin("localstack")?, pin("resolved")?);
    shop.progress.doing(&format!("install LocalStack {localstack}"));
    let tools = shop.scratch("uv")?;
    let uv = format!("uv=={}", pin("uv")?);
    let install = cmd!(
        sh,
        "python3 -m pip install --quiet --no-cache-dir --target {tools} {uv}"
    );
    shop.run("image-aws", minutes(5), install)?;
    let uv = tools.join("bin/uv");
    let site = folder.join("site");
    let install = cmd!(
        sh,
        "{uv} pip install --quiet --target {site} --python-version {PYTHON} --exclude-newer {resolved}"
    )
    .arg(format!("localstack-core[runtime]=={localstack}"))
    .arg("awscli-local")
    .env("UV_CACHE_DIR", shop.cache.build().join("uv-cache"));
    shop.run("image-aws", minutes(10), install)
}

fn dynamodb_local(shop: Workshop<'_>, folder: &Path) -> Result<()> {
    let sh = Shell::new().context("open a shell")?;
    let pin = |key| shop.versions.get("aws", key);
    let (dynamodb, agent) = (pin("dynamodb")?, pin("java-agent")?);
    shop.progress
        .doing(&format!("download DynamoDB Local {dynamodb}"));
    let plugin = format!(
        "org.apache.maven.plugins:maven-dependency-plugin:{}:copy-dependencies",
        pin("maven-dependency-plugin")?
    );
    let repository = shop.cache.build().join("maven");
    let libraries = folder.join("dynamodb");
    fs::create_dir_all(&libraries).with_context(|| format!("create {}", libraries.display()))?;
    let copy = cmd!(sh, "mvn --batch-mode --quiet {plugin} -DincludeScope=runtime")
        .arg("--file")
        .arg(folder.join("pom.xml"))
        .arg(format!("-Dmaven.repo.local={}", repository.display()))
        .arg(format!("-DoutputDirectory={}", libraries.display()))
        .arg(format!("-Ddynamodb={dynamodb}"))
        .arg(format!("-Djava-agent={agent}"));
    shop.run("image-aws", minutes(10), copy)
}
