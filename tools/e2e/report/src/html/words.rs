//! How numbers and names are written for people.

/// `4.9 s`, `45 s`, `2 min 15 s`.
pub(super) fn seconds(seconds: f64) -> String {
    if seconds.abs() < 9.95 {
        format!("{seconds:.1} s")
    } else if seconds < 59.5 {
        format!("{seconds:.0} s")
    } else {
        let whole = seconds.round();
        format!("{:.0} min {:02.0} s", (whole / 60.0).floor(), whole % 60.0)
    }
}

/// `5.3 MB`, in the thousands of the trade.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn bytes(bytes: u64) -> String {
    match bytes as f64 {
        small if small < 1e6 => format!("{:.0} kB", small / 1e3),
        middle if middle < 1e9 => format!("{:.1} MB", middle / 1e6),
        large => format!("{:.1} GB", large / 1e9),
    }
}

/// `12 345`, with thin spaces.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// As much of a commit as people use.
pub(super) fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_exact_as_they_are_of_use() {
        assert_eq!(seconds(4.882), "4.9 s");
        assert_eq!(seconds(9.96), "10 s");
        assert_eq!(seconds(59.6), "1 min 00 s");
        assert_eq!(seconds(486.3), "8 min 06 s");
        assert_eq!(bytes(5_300_000), "5.3 MB");
        assert_eq!(bytes(8_000_000_000), "8.0 GB");
        assert_eq!(
            (count(999), count(12_345)),
            ("999".into(), "12\u{202f}345".into())
        );
    }
}
