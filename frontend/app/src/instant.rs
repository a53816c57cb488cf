//! Instants as people say them. They come as RFC 3339 in UTC (`2026-01-02T03:04:05.000006Z`).

/// Milliseconds since 1970; `None` for what is no instant.
#[cfg(feature = "ssr")]
pub fn milliseconds(instant: &str) -> Option<i64> {
    let parsed = time::OffsetDateTime::parse(instant, &time::format_description::well_known::Rfc3339).ok()?;
    i64::try_from(parsed.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Milliseconds since 1970; `None` for what is no instant.
#[cfg(not(feature = "ssr"))]
pub fn milliseconds(instant: &str) -> Option<i64> {
    let parsed = js_sys::Date::parse(instant);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a date's milliseconds are whole and far below the limit"
    )]
    (!parsed.is_nan()).then_some(parsed as i64)
}

/// The present, in milliseconds since 1970.
#[cfg(feature = "ssr")]
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The instant in RFC 3339, in the browser.
pub(crate) fn rfc3339(milliseconds: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "far below the limit")]
    let date = js_sys::Date::new(&(milliseconds as f64).into());
    date.to_iso_string().into()
}

/// How long ago, as seen at `now`: "3 minutes ago". After a week the day says more.
pub(crate) fn ago(instant: &str, now: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let Some(then) = milliseconds(instant) else {
        return instant.to_owned();
    };
    // The clock that stamped it may be ahead of the one that made the page.
    let seconds = (now - then).max(0) / 1000;
    let (count, unit) = if seconds < MINUTE {
        return "just now".to_owned();
    } else if seconds < HOUR {
        (seconds / MINUTE, "minute")
    } else if seconds < DAY {
        (seconds / HOUR, "hour")
    } else if seconds < 7 * DAY {
        (seconds / DAY, "day")
    } else {
        return instant.get(..10).unwrap_or(instant).to_owned();
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// The whole instant to the second: "2026-01-02 03:04:05 UTC".
pub(crate) fn full(instant: &str) -> String {
    match (instant.get(..10), instant.get(11..19)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => instant.to_owned(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    const THEN: &str = "2026-01-02T03:04:05.000006Z";

    #[test]
    fn instants_are_told_as_people_do() {
        let then = milliseconds(THEN).unwrap();
        for (seconds, words) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3 * 60 + 59, "3 minutes ago"),
            (60 * 60, "1 hour ago"),
            (2 * 24 * 60 * 60, "2 days ago"),
            (7 * 24 * 60 * 60, "2026-01-02"),
        ] {
            assert_eq!(ago(THEN, then + seconds * 1000), words);
        }
        assert_eq!(full(THEN), "2026-01-02 03:04:05 UTC");
    }

    #[test]
    fn what_is_no_instant_is_shown_as_it_is() {
        assert_eq!((ago("soon", 0), full("soon")), ("soon".into(), "soon".into()));
    }
}
