//! What tools that write YAML anew make of an overlay. Each gives the same values, and kustomize
//! builds the same of it.

/// A way to write the file anew.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rewrite {
    /// As `kustomize edit` and most libraries do.
    NoComments,
    /// The keys of each entry by the alphabet, without comments: `- digest: …` comes first.
    DigestFirst,
    /// As an editor on Windows does, the mark stays.
    CarriageReturns,
    /// The same without comments.
    CarriageReturnsAlone,
    /// A document start, other quotes, other indentation, no comments.
    Quotes,
    /// Comments above what they stood behind.
    CommentsAbove,
}

pub(super) const ALL: [Rewrite; 6] = [
    Rewrite::NoComments,
    Rewrite::DigestFirst,
    Rewrite::CarriageReturns,
    Rewrite::CarriageReturnsAlone,
    Rewrite::Quotes,
    Rewrite::CommentsAbove,
];

impl Rewrite {
    pub(super) fn of(self, text: &str) -> String {
        match self {
            Self::NoComments => plain(text),
            Self::DigestFirst => digest_first(&plain(text)),
            Self::CarriageReturns => text.replace("\r\n", "\n").replace('\n', "\r\n"),
            Self::CarriageReturnsAlone => plain(text).replace('\n', "\r\n"),
            Self::Quotes => quoted(&plain(text)),
            Self::CommentsAbove => above(&text.replace("\r\n", "\n")),
        }
    }
}

/// Without comments, and with plain line ends.
fn plain(text: &str) -> String {
    let uncommented = |line: &str| match line.split_once('#') {
        Some((before, _)) => before.trim_end().to_owned(),
        None => line.to_owned(),
    };
    let lines = text.lines().map(uncommented).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

fn digest_first(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_key = |line: &String, key: &str| line.trim_start().trim_start_matches("- ").starts_with(key);
    let name = lines.iter().position(|line| is_key(line, "name:"));
    let digest = lines.iter().position(|line| is_key(line, "digest:"));
    if let (Some(name), Some(digest)) = (name, digest)
        && name < digest
    {
        let moved = lines.remove(digest);
        lines[name] = lines[name].replacen("- ", "  ", 1);
        let indented = lines[name].len() - lines[name].trim_start().len();
        lines.insert(
            name,
            format!("{}- {}", " ".repeat(indented - 2), moved.trim_start()),
        );
    }
    lines
        .into_iter()
        .flat_map(|line| [line, "\n".to_owned()])
        .collect()
}

fn quoted(text: &str) -> String {
    let quoted = |line: &str| match line.split_once("digest: ") {
        Some((before, value)) if !value.starts_with(['"', '\'']) => format!("{before}digest: \"{value}\""),
        _ => line.to_owned(),
    };
    let lines = text.lines().filter(|line| *line != "---").map(quoted);
    let indented = |line: String| {
        let indentation = if line.starts_with([' ', '-']) { "  " } else { "" };
        format!("{indentation}{line}\n")
    };
    let lines = lines.map(indented);
    format!("---\n{}", lines.collect::<String>())
}

fn above(text: &str) -> String {
    let moved = |line: &str| match line.split_once(" # ") {
        Some((before, comment)) if !before.trim().is_empty() => {
            let indentation = &line[..line.len() - line.trim_start().len()];
            format!("{indentation}# {comment}\n{before}\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(moved).collect()
}
