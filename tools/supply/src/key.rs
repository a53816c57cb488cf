//! Content keys: the same inputs give the same key on every machine.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A short hash of everything a result is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// Hashes each input with its length, so that moving a byte from one to the next changes the
    /// key.
    pub(crate) fn of<'a>(inputs: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for input in inputs {
            hash.update((input.len() as u64).to_be_bytes());
            hash.update(input);
        }
        let digest = hash.finalize();
        let first = digest.first_chunk().expect("a SHA-256 has 32 bytes");
        Self(format!("{:016x}", u64::from_be_bytes(*first)))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What of a recipe's source makes its result: neither comments nor tests do.
pub(crate) fn code(source: &str) -> String {
    let recipe = source.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    recipe.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

/// The last part of a path-like name.
pub(crate) fn shorten(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_tests_of_a_recipe_do_not_count() {
        let recipe = "//! One.\nfn a() {\n    // Why.\n    b();\n}\n\n#[cfg(test)]\nmod tests {}\n";
        assert_eq!(code(recipe), "fn a() {\n    b();\n}");
        assert_eq!(code(&recipe.replace("One", "Two")), code(recipe));
        assert_ne!(code(&recipe.replace("b()", "c()")), code(recipe));
    }

    #[test]
    fn borders_count() {
        assert_ne!(
            Key::of([b"ab".as_slice(), b"c"]),
            Key::of([b"a".as_slice(), b"bc"])
        );
        assert_eq!(Key::of([b"ab".as_slice()]), Key::of([b"ab".as_slice()]));
        assert_eq!(Key::of([]).to_string().len(), 16);
    }
}
