//! What goes on side by side, and what waits for what.

use supply::{Fault, SupplyError};

use super::{actions::and_lacking, *};
use crate::world::iam_proxy;

fn titles(plan: &Plan<BringUp<'_>>) -> Vec<String> {
    let rows = plan.rows().into_iter();
    rows.map(|row| row.iter().map(|step| step.title).collect::<Vec<_>>().join(" ∥ "))
        .collect()
}

#[test]
fn all_that_can_goes_on_side_by_side() {
    let of_each = |what: &str| {
        let each = Environment::all()
            .iter()
            .map(|environment| format!("{what} {environment}"));
        each.collect::<Vec<_>>().join(" ∥ ")
    };
    let (clusters, argocd) = (of_each("cluster"), of_each("Argo CD"));
    let mut rows = vec![
        "what this machine needs".to_owned(),
        "tools and images".to_owned(),
        "leftovers, network".to_owned(),
        format!(
            "{clusters} ∥ forge and AWS ∥ IAM proxy before the AWS ∥ first images by CI ∥ {} ∥ {argocd}",
            of_each("identities of")
        ),
        "root applications".to_owned(),
    ];
    assert_eq!(titles(&everything(Extent::default())), rows);
    rows[3] = format!("{} ∥ {}", rows[3], of_each("admission of images"));
    let admission = Extent {
        admission: true,
        ..Extent::default()
    };
    assert_eq!(titles(&everything(admission)), rows);
    assert_eq!(titles(&nodes())[3..], [clusters]);
    assert_eq!(titles(&connection())[2..], ["connect to what is up"]);
}

#[test]
fn a_hub_has_the_only_argo_cd_and_the_others_join_at_the_end() {
    let hub = Extent {
        topology: Topology::Hub,
        ..Extent::default()
    };
    let rows = titles(&everything(hub));
    assert!(rows[3].starts_with("cluster hub ∥ "), "{rows:?}");
    assert_eq!(rows[3].matches("Argo CD").count(), 1, "{rows:?}");
    let rights = rows[3].matches("rights of the hub").count();
    assert_eq!(rights, Environment::all().len(), "{rows:?}");
    assert_eq!(rows[4..], ["root applications", "clusters join by their tags"]);
}

#[test]
fn what_the_compiler_lacks_is_listed_with_all_else_that_is_missing() {
    let fault = |what: &str| Fault {
        what: what.to_owned(),
        cure: "get it".to_owned(),
    };
    let ready = |lacks: Option<&str>| -> Result<()> {
        match lacks {
            None => Ok(()),
            Some(what) => Err(SupplyError::Missing(vec![fault(what)]).into()),
        }
    };
    and_lacking(ready(None), None).unwrap();
    for (found, more, told) in [
        (None, Some("a library"), "lacks 1 thing(s)"),
        (Some("Go"), None, "lacks 1 thing(s)"),
        (Some("Go"), Some("a library"), "lacks 2 thing(s)"),
    ] {
        let error = and_lacking(ready(found), more.map(fault)).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(SupplyError::Missing(_))));
        let text = error.to_string();
        let mut names = [found, more].into_iter().flatten();
        assert!(names.all(|name| text.contains(name)), "{text}");
        assert!(text.contains(told), "{text}");
    }
    // Whatever the machine has: the value is read before anything is looked for.
    let unknown = iam_proxy::lacking(&["--no-install", "--toolchain", "gcc"]).unwrap();
    let text = and_lacking(ready(Some("Go")), unknown).unwrap_err().to_string();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "this machine lacks 2 thing(s):",
            "Go: get it",
            "a value of XTASK_TOOLCHAIN that is known: invalid value 'gcc' for '--toolchain <TOOLCHAIN>' \
             [possible values: auto, rustup, debian]",
        ]
    );
    let other = and_lacking(Err(SupplyError::Cancelled.into()), Some(fault("a library")));
    let other = other.unwrap_err();
    assert!(matches!(other.downcast_ref(), Some(SupplyError::Cancelled)));
}
