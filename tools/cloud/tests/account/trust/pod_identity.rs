//! Who gets the roles of the apps where EKS gives them out: no token is trusted then.

use cloud::account::Account;
use cloud::template::Template;
use iam::pod_identity::{Pod, allows};

use super::{AWS, CLUSTER, is_function, judged, policies};

const CHOSEN: &[(&str, &str)] = &[("PodIdentity", "yes"), ("Project", "board")];
/// The roles, and the account that each is for.
const ROLES: [(&str, &str); 2] = [("BackendRole", "backend"), ("MigrateRole", "backend-migrate")];

fn cluster(account: &str, region: &str, name: &str) -> String {
    format!("arn:aws:eks:{region}:{account}:cluster/{name}")
}

#[test]
fn each_service_account_gets_its_own_role_by_its_association() {
    let Account { id, region, .. } = Account::read().unwrap();
    let own = cluster(&id, &region, "board-staging");
    let policies = policies(CHOSEN);
    for (role, service_account) in ROLES {
        let ours = Pod {
            account: &id,
            cluster: &own,
            namespace: "message-board",
            service_account,
        };
        let gets = |pod: &Pod<'_>| allows(&policies[role], pod).unwrap();
        assert!(gets(&ours), "{role}");
        let other = ROLES.iter().find(|(other, _)| *other != role).unwrap().1;
        for (what, pod) in [
            (
                "another account",
                Pod {
                    service_account: other,
                    ..ours
                },
            ),
            (
                "another namespace",
                Pod {
                    namespace: "other",
                    ..ours
                },
            ),
            (
                "another cluster",
                Pod {
                    cluster: &cluster(&id, &region, "board-production"),
                    ..ours
                },
            ),
            (
                "the same cluster elsewhere",
                Pod {
                    cluster: &cluster(&id, "elsewhere-1", "board-staging"),
                    ..ours
                },
            ),
            (
                "somebody else's AWS account",
                Pod {
                    account: "210987654321",
                    ..ours
                },
            ),
        ] {
            assert!(!gets(&pod), "{what} gets {role}");
        }
    }
}

#[test]
fn a_role_is_given_out_one_way_only() {
    for (role, account) in ROLES {
        let subject = format!("system:serviceaccount:message-board:{account}");
        assert!(judged(&[], role, CLUSTER, AWS, &subject), "{role}");
        let policy = &policies(CHOSEN)[role];
        let token = iam::trust::Token::new(CLUSTER, AWS, &subject);
        assert!(
            iam::trust::allows(policy, "1", &token).is_err(),
            "{role} trusts an issuer"
        );
    }
}

#[test]
fn every_role_that_eks_gives_out_has_its_association() {
    let template = Template::read("message-board").unwrap();
    let mut bound: Vec<_> = template
        .resources("AWS::EKS::PodIdentityAssociation")
        .into_values()
        .map(|association| {
            assert_eq!(association["Condition"], "HasPodIdentity");
            let of = &association["Properties"];
            assert_eq!(of["ClusterName"], "${Project}-${Environment}");
            assert_eq!(of["Namespace"], "Namespace");
            let role = of["RoleArn"].as_str().unwrap().strip_suffix(".Arn").unwrap();
            (role.to_owned(), of["ServiceAccount"].as_str().unwrap().to_owned())
        })
        .collect();
    bound.sort();
    let expected = ROLES.map(|(role, account)| (role.to_owned(), account.to_owned()));
    assert_eq!(bound, expected);
    for role in template.resources("AWS::IAM::Role").into_values() {
        assert!(is_function(&role["Properties"]["AssumeRolePolicyDocument"]));
    }
    assert!(template.condition("HasPodIdentity", CHOSEN).unwrap());
    assert!(!template.condition("HasPodIdentity", &[]).unwrap());
}
