//! Files of JSON in which one process leaves what it knows to the next.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::{Serialize, de::DeserializeOwned};

/// Nothing if there is no such file.
pub(crate) fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| {
                format!(
                    "understand {}; remove it and run `cargo xtask e2e down`",
                    path.display()
                )
            })
            .map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

/// Replaces the file in one move, so that a killed run leaves the old one or the new one.
pub(crate) fn save(path: &Path, value: &impl Serialize) -> Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let bytes = serde_json::to_vec_pretty(value).context("write JSON")?;
    let fresh = path.with_extension("new");
    fs::write(&fresh, bytes).with_context(|| format!("write {}", fresh.display()))?;
    fs::rename(&fresh, path).with_context(|| format!("replace {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/numbers.json");
        assert_eq!(load::<Vec<u8>>(&file).unwrap(), None);
        save(&file, &[1, 2]).unwrap();
        save(&file, &[3]).unwrap();
        assert_eq!(load::<Vec<u8>>(&file).unwrap(), Some(vec![3]));
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);

        fs::write(&file, "[3").unwrap();
        let error = format!("{:#}", load::<Vec<u8>>(&file).unwrap_err());
        assert!(error.contains("numbers.json; remove it"), "{error}");
    }
}
