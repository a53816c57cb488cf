//! A proxy that the environment names is for hosts far away. What the harness starts asks this
//! machine and the containers of a run without one: kind hands the variables on to containerd and
//! the API servers of its nodes, and CI asks forge and registry on the loopback address.

use crate::run::teardown::OWN;

/// By which a proxy is named; programs differ in the case that they read.
const NAMED: [&str; 6] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];
/// By which hosts are named that are asked without it.
const EXCEPT: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// This machine.
const LOOPBACK: [&str; 2] = ["localhost", "127.0.0.1"];

/// The variables for what is started, beside those that are `given`; none where no proxy is named.
pub(crate) fn exceptions(given: impl Fn(&str) -> Option<String>) -> Vec<(&'static str, String)> {
    let given = |name: &str| given(name).filter(|value| !value.trim().is_empty());
    if !NAMED.into_iter().any(|name| given(name).is_some()) {
        return Vec::new();
    }
    let any = EXCEPT.into_iter().find_map(&given);
    let all = EXCEPT.map(|name| (name, given(name).or_else(|| any.clone()).unwrap_or_default()));
    all.map(|(name, hosts)| (name, with_ours(&hosts))).into()
}

fn with_ours(hosts: &str) -> String {
    // All hosts are asked without it, as long as nothing else is named.
    if hosts.trim() == "*" {
        return hosts.to_owned();
    }
    let named = hosts.split(|c: char| c == ',' || c.is_whitespace());
    let named: Vec<_> = named.filter(|host| !host.is_empty()).collect();
    let ours = LOOPBACK.into_iter().chain(OWN);
    let ours = ours.filter(|host| !named.contains(host));
    named.iter().copied().chain(ours).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const OURS: &str = "localhost,127.0.0.1,gitops-loop-forge,gitops-loop-aws,gitops-loop-iam-proxy";

    fn told(given: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let given: BTreeMap<_, _> = given.iter().copied().collect();
        exceptions(|name| given.get(name).map(ToString::to_string))
    }

    #[test]
    fn what_is_near_is_asked_without_the_proxy_of_the_environment() {
        for named in NAMED {
            let proxy = (named, "http://proxy.example:3128");
            let both = |hosts: &str| EXCEPT.map(|name| (name, hosts.to_owned()));
            assert_eq!(told(&[proxy]), both(OURS), "{named}");
            // What a person has named stays, and is named once.
            let all = format!("corp.example,{OURS}");
            assert_eq!(told(&[proxy, ("no_proxy", "corp.example")]), both(&all));
            let all =
                "127.0.0.1,corp.example,localhost,gitops-loop-forge,gitops-loop-aws,gitops-loop-iam-proxy";
            assert_eq!(
                told(&[proxy, ("NO_PROXY", " 127.0.0.1, corp.example ")]),
                both(all)
            );
            assert_eq!(told(&[proxy, ("NO_PROXY", "*")]), both("*"));
        }
    }

    #[test]
    fn each_of_two_lists_that_differ_stays_what_it_is() {
        let given = [("HTTPS_PROXY", "http://p"), ("NO_PROXY", "a"), ("no_proxy", "b")];
        let expected = [
            ("NO_PROXY", format!("a,{OURS}")),
            ("no_proxy", format!("b,{OURS}")),
        ];
        assert_eq!(told(&given), expected);
    }

    #[test]
    fn where_no_proxy_is_named_nothing_is_changed() {
        for none in [&[("http_proxy", " "), ("NO_PROXY", "corp.example")][..], &[]] {
            assert!(told(none).is_empty(), "{none:?}");
        }
    }
}
