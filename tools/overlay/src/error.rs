//! What cannot be read or edited, and what to write instead.

use thiserror::Error;

/// Why a file is neither read nor edited.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// No image is the app's.
    #[error("has no entry under `images:` whose name ends in /{0}")]
    NoEntry(String),
    /// Several are.
    #[error("has {1} entries under `images:` whose name ends in /{0}; one is needed")]
    ManyEntries(String, usize),
    /// It has no digest, or several.
    #[error("pins the image {0} by {1} `digest:` lines; one is needed (was a merge left unfinished?)")]
    Digests(String, usize),
    /// It has one that lines do not show as YAML reads it.
    #[error(
        "pins the image {0} in a form that cannot be edited safely: {1}; write `digest: sha256:…` in one line"
    )]
    Form(String, Form),
    /// It cannot be read at all.
    #[error("is not YAML of one document: {0}")]
    Yaml(String),
}

/// Why a pin that YAML reads is not edited.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `&`
    #[error("the digest has an anchor (`&`) that other places may refer to")]
    Anchor,
    /// `*`
    #[error("the digest is an alias (`*`) of another place")]
    Alias,
    /// `|` or `>`
    #[error("the digest is a block scalar (`|` or `>`)")]
    Block,
    /// `!`
    #[error("the digest has a tag (`!`)")]
    Tag,
    /// `[` or `{`
    #[error("the digest is a flow collection (`[` or `{{`)")]
    Collection,
    /// Several lines.
    #[error("the digest goes on in the next line")]
    Lines,
    /// Anything else.
    #[error("the line of the digest is not what YAML reads as the digest")]
    Other,
    /// No lines of its own.
    #[error(
        "its entry has no line of its own for `name:` and `digest:` (a flow mapping `{{…}}`, a merge key `<<`, an alias or a quoted key)"
    )]
    Hidden,
    /// Not for this place alone.
    #[error("its entry is used in other places too (`&` and `*`)")]
    Shared,
}
