//! A cluster beside the one of an environment, or a hub beside the hub, as while one takes the
//! place of the other.

use super::{AWS, CLUSTER, FOREIGN_CLUSTER, hub, judged, policies};

const BACKEND: &str = "system:serviceaccount:message-board:backend";
const ADMISSION: &str = "system:serviceaccount:cosign-system:webhook";
// wing: addons
const CONTROLLER: &str = "system:serviceaccount:load-balancer:aws-load-balancer-controller";
// end of wing

/// The parameter that names a second issuer, and who may take on which role by it.
fn seconds() -> [(&'static str, Vec<(&'static str, String)>); 2] {
    let argo_cd = hub::ACCOUNTS.map(|account| ("HubArgoCdRole", account.to_owned()));
    let clusterset = "system:serviceaccount:argocd:clusterset".to_owned();
    [
        (
            "OtherOidcProvider",
            vec![
                ("AdmissionRole", ADMISSION.to_owned()),
                ("BackendRole", BACKEND.to_owned()),
                ("LoadBalancerRole", CONTROLLER.to_owned()), // wing: addons
                ("MigrateRole", format!("{BACKEND}-migrate")),
            ],
        ),
        (
            "OtherHubOidcProvider",
            [("ClusterSetRole", clusterset)]
                .into_iter()
                .chain(argo_cd)
                .collect(),
        ),
    ]
}

#[test]
fn a_second_cluster_is_trusted_while_it_is_named() {
    for (parameter, roles) in seconds() {
        let other = [(parameter, FOREIGN_CLUSTER)];
        for (role, account) in &roles {
            assert!(!judged(&[], role, FOREIGN_CLUSTER, AWS, account));
            for issuer in [CLUSTER, FOREIGN_CLUSTER] {
                assert!(judged(&other, role, issuer, AWS, account), "{issuer}");
                for (aud, sub) in [
                    (AWS, "system:serviceaccount:message-board:frontend"),
                    (AWS, "system:serviceaccount:other:backend"),
                    ("https://kubernetes.default.svc", account),
                ] {
                    assert!(!judged(&other, role, issuer, aud, sub), "{issuer}, {aud}, {sub}");
                }
            }
            let third = "oidc.eks.eu-central-1.amazonaws.com/id/1";
            assert!(!judged(&other, role, third, AWS, account));
        }
        // No other role goes to it by the same name.
        let of = |more| policies(more).into_iter();
        let differ = of(&[]).zip(of(&other)).filter(|(without, with)| without != with);
        let differ: Vec<_> = differ.map(|((role, _), _)| role).collect();
        let mut named: Vec<_> = roles.iter().map(|(role, _)| *role).collect();
        named.dedup();
        assert_eq!(differ, named, "{parameter}");
    }
}
