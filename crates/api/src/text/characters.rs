//! What each character is to a page.

/// Characters that leave no mark: Unicode's `White_Space` and `Default_Ignorable_Code_Point`, its
/// format characters (`Cf`) that do not stand before a number, and three with an empty glyph. A
/// test of the backend compares them with Unicode's own tables.
const INVISIBLE: &[(char, char)] = &[
    ('\t', '\r'),
    (' ', ' '),
    ('\u{85}', '\u{85}'),
    ('\u{A0}', '\u{A0}'),
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{2000}', '\u{200F}'),
    ('\u{2028}', '\u{202F}'),
    ('\u{205F}', '\u{206F}'),
    // Braille pattern blank.
    ('\u{2800}', '\u{2800}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFB}'),
    ('\u{13430}', '\u{1343F}'),
    // Khitan small script filler.
    ('\u{16FE4}', '\u{16FE4}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    // Musical symbol null notehead.
    ('\u{1D159}', '\u{1D159}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

/// Whether HTML carries it as it is. Its standard takes neither noncharacters nor control
/// characters but some white space, of which a message has use for tab and line feed.
pub(super) fn is_html(character: char) -> bool {
    match character {
        '\t' | '\n' => true,
        '\u{FDD0}'..='\u{FDEF}' => false,
        // The last two of each plane.
        _ => !character.is_control() && u32::from(character) & 0xFFFE != 0xFFFE,
    }
}

/// Whether it alone is something to see.
pub(super) fn is_visible(character: char) -> bool {
    let following = INVISIBLE.partition_point(|(_, last)| *last < character);
    INVISIBLE
        .get(following)
        .is_none_or(|(first, _)| character < *first)
}
