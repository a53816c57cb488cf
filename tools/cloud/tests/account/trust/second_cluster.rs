//! A cluster beside the one of an environment, as while it takes its place.

use super::{AWS, CLUSTER, FOREIGN_CLUSTER, judged, policies};

#[test]
fn a_second_cluster_is_trusted_while_it_is_named() {
    let other = [("OtherOidcProvider", FOREIGN_CLUSTER)];
    let own = "system:serviceaccount:message-board:backend";
    for (role, account) in [
        ("BackendRole", own.to_owned()),
        ("MigrateRole", format!("{own}-migrate")),
    ] {
        assert!(!judged(&[], role, FOREIGN_CLUSTER, AWS, &account));
        for issuer in [CLUSTER, FOREIGN_CLUSTER] {
            assert!(judged(&other, role, issuer, AWS, &account), "{issuer}");
            for (aud, sub) in [
                (AWS, "system:serviceaccount:message-board:frontend"),
                (AWS, "system:serviceaccount:other:backend"),
                ("https://kubernetes.default.svc", &account),
            ] {
                assert!(!judged(&other, role, issuer, aud, sub), "{issuer}, {aud}, {sub}");
            }
        }
        assert!(!judged(
            &other,
            role,
            "oidc.eks.eu-central-1.amazonaws.com/id/1",
            AWS,
            &account
        ));
    }
    // No other role goes to it by the same name.
    let of = |more| policies(more).into_iter();
    let differ = of(&[]).zip(of(&other)).filter(|(without, with)| without != with);
    let differ: Vec<_> = differ.map(|((role, _), _)| role).collect();
    assert_eq!(differ, ["BackendRole", "MigrateRole"]);
}
