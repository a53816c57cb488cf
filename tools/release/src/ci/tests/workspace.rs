//! The packages of the tests' small monorepo.

/// Manifests, and the file that says which package is compiled with which.
pub(in crate::ci) const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", "[workspace]\n"),
    ("Cargo.lock", LOCK),
    (
        "backend/Cargo.toml",
        "[package]\nname = \"backend\"\n[dependencies]\napi = { path = \"../crates/api\" }\nused = \"1\"\n\
         [dev-dependencies]\ntestkit = { path = \"../tools/testkit\" }\n",
    ),
    (
        "frontend/Cargo.toml",
        "[package]\nname = \"frontend\"\n[dependencies]\napi = { path = \"../crates/api\" }\n",
    ),
    (
        "frontend/hydrate/Cargo.toml",
        "[package]\nname = \"hydrate\"\n[dependencies]\nwidgets = { path = \"../../crates/widgets\" }\n",
    ),
    ("crates/api/Cargo.toml", "[package]\nname = \"api\"\n"),
    ("crates/widgets/Cargo.toml", "[package]\nname = \"widgets\"\n"),
    ("tools/testkit/Cargo.toml", "[package]\nname = \"testkit\"\n"),
    (
        "xtask/wasm-bundle/Cargo.toml",
        "[package]\nname = \"wasm-bundle\"\n",
    ),
    ("crates/api/src/lib.rs", "//! Types.\n"),
    ("crates/widgets/src/lib.rs", "//! Parts of a page.\n"),
    ("tools/testkit/src/lib.rs", "//! A database.\n"),
    ("README.md", "# Loop\n"),
    ("tools/e2e/src/main.rs", "fn main() {}\n"),
];

pub(super) const LOCK: &str = r#"version = 4

[[package]]
name = "api"
version = "0.1.0"

[[package]]
name = "backend"
version = "0.1.0"
dependencies = ["api", "testkit", "used"]

[[package]]
name = "frontend"
version = "0.1.0"
dependencies = ["api"]

[[package]]
name = "hydrate"
version = "0.1.0"
dependencies = ["widgets"]

[[package]]
name = "testkit"
version = "0.1.0"

[[package]]
name = "used"
version = "1.0.0"
source = "registry"

[[package]]
name = "wasm-bundle"
version = "0.1.0"

[[package]]
name = "widgets"
version = "0.1.0"
"#;
