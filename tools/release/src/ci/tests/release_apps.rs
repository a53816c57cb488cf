//! Which apps `RELEASE_APPS` names.

use super::NAMES;
use crate::ci::settings::release_apps::app_names;

#[test]
fn apps_are_named_by_commas() {
    let names: Vec<_> = NAMES.iter().copied().rev().collect();
    assert_eq!(app_names(&names.join(", ")).unwrap(), names);
}

#[test]
fn a_run_may_have_all_apps_but_those_that_another_one_has() {
    let (first, rest) = NAMES.split_first().unwrap();
    for others in [format!("!{first}"), format!(" ! {first}")] {
        assert_eq!(app_names(&others).unwrap(), rest, "{others}");
    }
}

#[test]
fn what_is_no_app_or_says_both_is_refused() {
    let both = format!("!{0}, {0}", NAMES[0]);
    for (text, why) in [
        ("backend,fronted", "no app `fronted`"),
        ("!fronted", "no app `fronted`"),
        (&*both, "either all names"),
    ] {
        let error = app_names(text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
