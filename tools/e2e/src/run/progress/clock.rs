//! What the line of a running step shows: elapsed of budget, and an estimate from last time.

use std::time::Duration;

use indicatif::ProgressStyle;

pub(super) fn style(budget: Duration, last: Option<f64>) -> ProgressStyle {
    ProgressStyle::with_template("{prefix} {spinner} {clock}  {wide_msg:.dim}")
        .expect("the template is a constant")
        .with_key(
            "clock",
            move |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                // Writing to a line being composed cannot fail in a way that could be told on that
                // line.
                let _ = write!(out, "{}", clock(state.elapsed(), budget, last));
            },
        )
}

/// `48 s of 300 s, about 23 s left`.
fn clock(elapsed: Duration, budget: Duration, last: Option<f64>) -> String {
    let left = match last.map(|last| last - elapsed.as_secs_f64()) {
        Some(left) if left >= 1.0 => format!(", about {left:.0} s left"),
        Some(_) => ", longer than last time".to_owned(),
        None => String::new(),
    };
    format!("{} s of {} s{left}", elapsed.as_secs(), budget.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_shows_elapsed_budget_and_what_is_left() {
        let clock = |elapsed, last| clock(Duration::from_secs(elapsed), Duration::from_mins(5), last);
        assert_eq!(clock(48, None), "48 s of 300 s");
        assert_eq!(clock(48, Some(71.0)), "48 s of 300 s, about 23 s left");
        assert_eq!(clock(80, Some(71.0)), "80 s of 300 s, longer than last time");
    }
}
