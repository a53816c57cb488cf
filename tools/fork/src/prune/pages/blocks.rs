//! A page of Markdown as headings, rows, items, paragraphs and lines of examples.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Heading,
    Row,
    Item,
    Text,
    /// The marks around an example.
    Fence,
    /// A line of an example.
    Code,
    /// Nothing but a comment, which may be a mark.
    Mark,
    Blank,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
}

/// Rows, items, paragraphs and the like; all together are `text`.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let (mut at, mut code) = (0, false);
    for line in text.split_inclusive('\n') {
        let kind = kind(line, &mut code);
        let goes_on = blocks.last().is_some_and(|last| {
            kind == Kind::Text
                && (last.kind == Kind::Text || last.kind == Kind::Item && line.starts_with(' '))
        });
        if let Some(last) = blocks.last_mut().filter(|_| goes_on) {
            last.text = &text[at - last.text.len()..at + line.len()];
        } else {
            blocks.push(Block { kind, text: line });
        }
        at += line.len();
    }
    blocks
}

fn kind(line: &str, code: &mut bool) -> Kind {
    let words = line.trim();
    if words.starts_with("```") {
        *code = !*code;
        return Kind::Fence;
    }
    let number = words.trim_start_matches(|c: char| c.is_ascii_digit());
    match words {
        _ if *code => Kind::Code,
        "" => Kind::Blank,
        _ if words.starts_with("<!--") && words.ends_with("-->") => Kind::Mark,
        _ if words.starts_with('#') => Kind::Heading,
        _ if words.starts_with('|') => Kind::Row,
        _ if words.starts_with("- ") || number.len() < words.len() && number.starts_with(". ") => Kind::Item,
        _ => Kind::Text,
    }
}

/// Without examples and tables that have lost all they had, and headings with nothing below them.
pub(super) fn without_empty_parts(blocks: &[Block<'_>]) -> String {
    let mut kept: Vec<Block<'_>> = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let before = kept.last().map(|block| block.kind);
        let next = blocks.get(at + 1).map(|block| block.kind);
        match block.kind {
            // The end of an example that has no line: neither mark stays.
            Kind::Fence if before == Some(Kind::Fence) && is_open(&kept) => drop(kept.pop()),
            Kind::Row if is_rule(block.text) && next != Some(Kind::Row) => drop(kept.pop()),
            Kind::Blank if matches!(before, Some(Kind::Blank) | None) => (),
            _ => kept.push(*block),
        }
    }
    without_empty_headings(&kept)
}

/// Whether an odd number of marks of examples is there.
fn is_open(blocks: &[Block<'_>]) -> bool {
    blocks.iter().filter(|block| block.kind == Kind::Fence).count() % 2 == 1
}

/// The line below the head of a table.
pub(super) fn is_rule(row: &str) -> bool {
    row.starts_with('|') && row.contains('-') && row.trim().chars().all(|c| "|-: ".contains(c))
}

/// Headings stay that have something below them, before the next one of their rank.
fn without_empty_headings(blocks: &[Block<'_>]) -> String {
    let rank = |block: &Block<'_>| block.text.chars().take_while(|c| *c == '#').count();
    let has_something = |at: usize| {
        let own = rank(&blocks[at]);
        let below = blocks[at + 1..].iter();
        let mut below = below.take_while(|block| block.kind != Kind::Heading || rank(block) > own);
        below.any(|block| !matches!(block.kind, Kind::Heading | Kind::Blank | Kind::Mark))
    };
    let mut kept: Vec<Block<'_>> = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let doubled = block.kind == Kind::Blank && kept.last().is_none_or(|last| last.kind == Kind::Blank);
        if !doubled && (block.kind != Kind::Heading || has_something(at)) {
            kept.push(*block);
        }
    }
    while kept.last().is_some_and(|last| last.kind == Kind::Blank) {
        kept.pop();
    }
    kept.iter().map(|block| block.text).collect()
}
