//! What has to be compiled again when a file changes.

use std::path::Path;
use std::sync::LazyLock;

use project::{App, Project};

use crate::programs;

/// One of the things that `cargo xtask build --dev` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Both binaries: compiled together they share their dependencies, and cargo leaves alone what
    /// did not change.
    Servers,
    /// The page's code in the browser.
    Page,
    /// Files that the browser is given as they are.
    Files,
}

impl Part {
    /// As the command line of the build names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Servers => "servers",
            Self::Page => "page",
            Self::Files => "files",
        }
    }
}

static PROJECT: LazyLock<Project> =
    LazyLock::new(|| Project::load(&programs::root()).expect("this was built from a checkout"));

/// Folders and files by what is made of them; the first that fits counts.
static MADE_OF: LazyLock<Vec<(String, &[Part])>> = LazyLock::new(|| {
    let apps = PROJECT.apps().iter().flat_map(of_app);
    let shared = [CRATES, "Cargo.toml", "Cargo.lock"].map(|path| (path.to_owned(), BOTH));
    apps.chain(shared).collect()
});

const BOTH: &[Part] = &[Part::Servers, Part::Page];
/// What apps share.
const CRATES: &str = "crates";

fn of_app(app: &App) -> Vec<(String, &'static [Part])> {
    let folder = app.folder();
    let Some(page) = app.browser_package() else {
        return vec![(folder.to_owned(), &[Part::Servers])];
    };
    vec![
        (format!("{folder}/public"), &[Part::Files]),
        (format!("{folder}/{page}"), &[Part::Page]),
        (format!("{folder}/server"), &[Part::Servers]),
        (folder.to_owned(), BOTH),
    ]
}

/// Folders that are watched, all that is in them included.
pub(crate) fn folders() -> impl Iterator<Item = &'static str> {
    PROJECT.apps().iter().map(App::folder).chain([CRATES])
}

/// What is made of the file `path`, relative to the root of the repository.
pub(crate) fn made_of(path: &Path) -> &'static [Part] {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    // Editors write these beside the file that a person saves.
    let temporary = name.starts_with(['.', '#']) || name.ends_with(['~', '#']) || name == "4913";
    let tests = path.components().any(|part| part.as_os_str() == "tests");
    let prose = path.extension().is_some_and(|extension| extension == "md");
    if temporary || tests || prose {
        return &[];
    }
    MADE_OF
        .iter()
        .find(|(folder, _)| path.starts_with(folder))
        .map_or(&[], |(_, parts)| *parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_file_is_part_of_is_made_again() {
        let parts = |path: &str| made_of(Path::new(path));
        assert_eq!(parts("frontend/public/style.css"), [Part::Files]);
        assert_eq!(parts("frontend/app/src/form.rs"), [Part::Servers, Part::Page]);
        assert_eq!(parts("frontend/server/src/router.rs"), [Part::Servers]);
        assert_eq!(parts("frontend/hydrate/src/lib.rs"), [Part::Page]);
        assert_eq!(parts("crates/api/src/lib.rs"), [Part::Servers, Part::Page]);
        assert_eq!(parts("backend/src/store.rs"), [Part::Servers]);
        assert_eq!(parts("Cargo.toml"), [Part::Servers, Part::Page]);
    }

    #[test]
    fn what_no_program_is_made_of_starts_nothing() {
        for path in [
            "backend/tests/it/main.rs",
            "backend/src/.store.rs.swp",
            "backend/src/store.rs~",
            "backend/README.md",
            "infra/aws/message-board.yaml",
            "target",
        ] {
            assert_eq!(made_of(Path::new(path)), [], "{path}");
        }
    }

    #[test]
    fn something_is_made_of_every_watched_folder() {
        for folder in folders() {
            assert_ne!(made_of(&Path::new(folder).join("src/lib.rs")), [], "{folder}");
        }
    }
}
