//! Texts in the answers of services that speak XML.

use anyhow::{Context as _, Result};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

/// The text of each element of this name, in order.
pub(crate) fn texts(xml: &[u8], name: &str) -> Result<Vec<String>> {
    let xml = std::str::from_utf8(xml).context("an answer is not UTF-8")?;
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event().context("an answer is no XML")? {
            Event::Start(start) if start.local_name().as_ref() == name.as_bytes() => {
                let text = reader
                    .read_text(start.name())
                    .context("an element does not end")?;
                let text = std::str::from_utf8(&text).context("a text is not UTF-8")?;
                found.push(
                    unescape(text)
                        .context("a text has an unknown entity")?
                        .into_owned(),
                );
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The text of the one element of this name.
pub(crate) fn text(xml: &[u8], name: &str) -> Result<String> {
    let first = texts(xml, name)?.into_iter().next();
    first.with_context(|| format!("an answer has no {name}"))
}

#[cfg(test)]
mod tests {
    use super::{text, texts};

    #[test]
    fn elements_are_found_wherever_they_are() {
        let xml = b"<a xmlns='x'><b><member>one</member><member>&quot;two&quot;</member></b></a>";
        assert_eq!(texts(xml, "member").unwrap(), ["one", "\"two\""]);
        assert!(texts(xml, "c").unwrap().is_empty());
        assert!(text(xml, "c").is_err());
        assert!(texts(b"<a><b></a>", "member").is_err());
    }
}
