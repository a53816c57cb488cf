//! EKS, which another emulator answers for than the rest.

use hyper::Request;
use hyper::header::AUTHORIZATION;

use super::bench::{Bench, KEY, ROLE};
use crate::upstream::owner;

async fn get(bench: &Bench, path: &str) -> (u16, String) {
    let line = owner(KEY, "r", "eks");
    bench
        .ask(Request::get(path).header(AUTHORIZATION, line), "")
        .await
}

#[tokio::test]
async fn a_role_that_may_list_clusters_does_and_describes_none() {
    let bench = Bench::new().await;
    bench.assume(ROLE, &bench.issuer.token()).await;
    let elsewhere = bench.seen.lock().unwrap().len();
    assert_eq!(get(&bench, "/clusters?maxResults=2").await.0, 200);
    let (status, answer) = get(&bench, "/clusters/blue").await;
    let named =
        "is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:r:1:cluster/blue ";
    assert!(
        status == 403 && answer.starts_with("{\"message\":") && answer.contains(named),
        "{status} {answer}"
    );
    let seen = bench.seen_by_eks.lock().unwrap().clone();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].0.contains("Credential=1/"), "{seen:?}");
    let asked = bench.seen.lock().unwrap()[elsewhere..].to_vec();
    assert!(
        asked.iter().all(|(_, body)| body.contains("RolePolic")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn where_no_emulator_of_it_is_the_proxy_says_so() {
    let mut bench = Bench::new().await;
    bench.assume(ROLE, &bench.issuer.token()).await;
    bench.proxy.eks = "/none/eks".into();
    let (status, answer) = get(&bench, "/clusters").await;
    assert!(status == 503 && answer.contains("/none/eks"), "{status} {answer}");
}
