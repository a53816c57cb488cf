//! The table itself, and when it is due.

use super::*;
use crate::versions::Versions;

/// Rows of another version than is pinned, whose days say nothing.
fn outdated(support: &Support, versions: &Versions) -> Vec<String> {
    let differs = |part: &Supported| {
        let (table, key) = part.pin.split_once('.').unwrap();
        let pinned = versions.get(table, key).unwrap();
        // An image has it as its tag.
        let pinned = pinned.rsplit(':').next().unwrap();
        let rest = pinned.trim_start_matches('v').strip_prefix(part.line.as_str());
        let fits = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        (!fits).then(|| format!("{} is listed as {}, pinned as {pinned}", part.name, part.line))
    };
    support.parts.iter().filter_map(differs).collect()
}

fn date(text: &str) -> Date {
    Date::parse(text, &Iso8601::DATE).unwrap()
}

fn table(more: &str) -> Support {
    let text = format!(
        "[[part]]\nname = 'Kubernetes'\npin = 'node.kubernetes'\nline = '1.34'\nnext = '1.36'\nsource = 'https://kubernetes.io'\n{more}"
    );
    toml::from_str(&text).unwrap()
}

fn due(more: &str, today: &str) -> Vec<String> {
    let due = table(more).due(date(today));
    due.iter().map(ToString::to_string).collect()
}

#[test]
fn an_end_is_due_four_weeks_before_its_day() {
    let both = "upstream = '2026-10-27'\neks = '2026-12-02'";
    for (today, count) in [
        ("2025-11-28", 0),
        ("2026-09-28", 0),
        ("2026-09-29", 1),
        ("2026-10-27", 1),
        ("2026-11-03", 1),
        ("2026-11-04", 2),
        ("2030-01-01", 2),
    ] {
        assert_eq!(due(both, today).len(), count, "{today}");
    }
}

#[test]
fn what_is_due_names_the_part_the_day_and_what_to_move_to() {
    let said = due("eks = '2026-12-02'", "2026-11-28");
    assert_eq!(
        said,
        [
            "Kubernetes 1.34 is in EKS's standard support until 2026-12-02: in tools/supply/versions.toml, move node.kubernetes to 1.36 (https://kubernetes.io)"
        ]
    );
}

#[test]
fn what_stays_on_purpose_is_told_and_not_due() {
    let table = table("upstream = '2026-10-27'\nkept = 'a reason'");
    assert_eq!(table.due(date("2027-01-01")), []);
    assert_eq!(table.kept().collect::<Vec<_>>(), ["Kubernetes 1.34: a reason"]);
}

#[test]
fn every_row_is_of_the_version_that_is_pinned() {
    let faults = outdated(&Support::load().unwrap(), &Versions::load().unwrap());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (pinned, fits) in [
        ("v1.34.4", true),
        ("v1.34", true),
        ("v1.340.1", false),
        ("v1.36.4", false),
    ] {
        let versions = Versions::parse(&format!("[node]\nkubernetes = '{pinned}'")).unwrap();
        assert_eq!(outdated(&table(""), &versions).is_empty(), fits, "{pinned}");
    }
}

#[test]
fn every_image_has_a_row() {
    let parts = Support::load().unwrap().parts;
    let has_row = |name: &str| {
        let mut pins = parts.iter().filter_map(|part| part.pin.split_once('.'));
        pins.any(|(table, _)| table == name)
    };
    let without = crate::recipes::images().map(|each| each.recipe.name);
    let without: Vec<_> = without.filter(|name| !has_row(name)).collect();
    assert!(
        without.is_empty(),
        "say in tools/supply/support.toml until when {} are mended",
        without.join(", ")
    );
    assert!(!has_row("nothing"));
}

#[test]
fn a_part_without_a_published_end_is_due_when_it_is_to_be_looked_at() {
    let policy = "policy = 'the newest one'\nagain = '2027-06-01'";
    assert_eq!(due(policy, "2027-05-03"), [""; 0]);
    let said = due(policy, "2027-05-04").join("; ");
    assert!(
        said.contains("no published end") && said.contains("by 2027-06-01"),
        "{said}"
    );
    // A person has to look, and may find that it can stay.
    for part in ["read https://kubernetes.io", "give `again`", "a later day"] {
        assert!(said.contains(part), "{said}: {part}");
    }
}

#[test]
fn the_first_end_is_one_whose_day_is_known() {
    let unknown = "policy = 'the newest one'\nagain = '2026-06-01'";
    assert_eq!(table(unknown).first(), None);
    let mut both = table(unknown);
    both.parts
        .extend(table("upstream = '2026-10-27'\neks = '2026-12-02'").parts);
    let first = both.first().unwrap();
    assert_eq!((first.by, first.day), (By::Upstream, date("2026-10-27")));
}

#[test]
fn every_row_says_until_when_and_has_a_source() {
    for part in Support::load().unwrap().parts {
        let days = part.upstream.is_some() || part.eks.is_some();
        assert!(days != part.policy.is_some(), "{}: a day or a policy", part.name);
        let looked_at = part.again.is_some() || part.kept.is_some();
        assert!(
            days || looked_at,
            "{}: when to look at its policy again",
            part.name
        );
        assert!(part.source.starts_with("https://"), "{}", part.name);
    }
}

#[test]
fn a_day_that_is_none_is_refused() {
    for text in ["2026-02-30", "soon", "2026-13-01", ""] {
        let row = format!(
            "[[part]]\nname = 'a'\npin = 'a.b'\nline = '1'\nnext = '2'\nsource = ''\nupstream = '{text}'"
        );
        assert!(toml::from_str::<Support>(&row).is_err(), "{text}");
    }
}
