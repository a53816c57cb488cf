//! What a YAML parser reads in an overlay: the judge of whether lines mean what they seem to.

use serde_json::Value;

use super::Error;
use super::lines::is_app;

/// The one document in `text`.
pub(super) fn parse(text: &str) -> Result<Value, Error> {
    serde_saphyr::from_str(text).map_err(|error| {
        let error = error.to_string();
        Error::Yaml(error.lines().next().unwrap_or_default().to_owned())
    })
}

/// The digest of `app`, empty where its key has no value; none where there is no such entry, or
/// several.
pub(super) fn digest(document: &Value, app: &str) -> Option<String> {
    match document.pointer(&path(document, app)?)? {
        Value::Null => Some(String::new()),
        digest => digest.as_str().map(str::to_owned),
    }
}

/// Whether `after` is `before` with another digest of `app`, and nothing besides.
pub(super) fn is_that_edit(before: &Value, after: &Value, app: &str, digest: &str) -> bool {
    let mut expected = before.clone();
    let place = path(before, app).and_then(|path| expected.pointer_mut(&path));
    let Some(place) = place else {
        return false;
    };
    *place = Value::from(digest);
    expected == *after
}

/// Where the digest of `app` is.
fn path(document: &Value, app: &str) -> Option<String> {
    let images = document.get("images")?.as_array()?;
    let is_it = |image: &Value| {
        let name = image.get("name").and_then(Value::as_str);
        name.is_some_and(|name| is_app(name, app))
    };
    let mut found = images.iter().enumerate().filter(|(_, image)| is_it(image));
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Some(format!("/images/{at}/digest")),
        _ => None,
    }
}
