//! The key that images are signed with: generated for each run, kept in its folder, and never in
//! Git. The clusters get its public half.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use taskkit::removal::remove_file;
use xshell::{Shell, cmd};

use super::secret;
use crate::{
    host::process::Tool,
    run::{Harness, run_dir::make_private},
};

const GENERATE: Duration = Duration::from_secs(20);

/// A pair of keys as cosign makes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SigningKey {
    /// The private half, encrypted.
    pub(crate) private: PathBuf,
    pub(crate) password: String,
    /// The public half, PEM.
    pub(crate) public: String,
}

impl SigningKey {
    /// Makes a pair in the folder of the run, in place of one of that name.
    pub(crate) async fn generate(harness: &Harness, cosign: &Path, name: &str) -> Result<Self> {
        let folder = harness.run.file("signing");
        make_private(&folder)?;
        let password = secret()?;
        let prefix = folder.join(name);
        let half = |kind: &str| PathBuf::from(format!("{}.{kind}", prefix.display()));
        // cosign would ask whether to.
        for old in [half("key"), half("pub")] {
            remove_file(&old)?;
        }
        let shell = Shell::new().context("open a shell")?;
        let generate = cmd!(shell, "{cosign} generate-key-pair --output-key-prefix {prefix}")
            .env("COSIGN_PASSWORD", &password);
        Tool::new(generate, &harness.run.log("signing"), GENERATE)
            .run()
            .await
            .context("make a pair of keys")?;
        Ok(Self {
            private: half("key"),
            password,
            public: read(&half("pub"))?,
        })
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}
