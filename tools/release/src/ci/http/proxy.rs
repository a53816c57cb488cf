//! The proxy that the environment names. The client takes the hosts of `NO_PROXY` to the letter;
//! here they mean what they mean to curl, and so to Git: blanks around a name do not count, and a
//! domain stands for the hosts in it.

use std::env::var;

use ureq::{Proxy, ProxyProtocol};

/// By which a proxy is named, the first that can be used counting.
const NAMED: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// By which hosts are named that are reached without it.
const NEAR: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// The proxy by which registry and forge are asked, if any.
pub(super) fn proxy() -> Option<Proxy> {
    let named = first(NAMED.into_iter().filter_map(|name| var(name).ok()))?;
    let hosts = near(NEAR.map(|name| var(name).unwrap_or_default()));
    Some(but_for(&named, &hosts).unwrap_or(named))
}

/// The first of these that names anything: an empty one is none to curl.
fn near(named: [String; 2]) -> String {
    let [first, second] = named;
    if first.is_empty() { second } else { first }
}

/// The first of these that the client can use. It is built without SOCKS, and finds no host at all
/// by one of that kind.
fn first(mut named: impl Iterator<Item = String>) -> Option<Proxy> {
    named.find_map(|address| {
        let proxy = Proxy::new(&address).ok()?;
        matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https).then_some(proxy)
    })
}

/// The same proxy, but for these hosts.
fn but_for(proxy: &Proxy, hosts: &str) -> Option<Proxy> {
    let mut same = Proxy::builder(proxy.protocol())
        .host(proxy.host())
        .port(proxy.port());
    if let Some(user) = proxy.username() {
        same = same.username(user);
    }
    if let Some(password) = proxy.password() {
        same = same.password(password);
    }
    let entries = hosts.split(|c: char| c == ',' || c.is_whitespace());
    for entry in entries.filter(|entry| !entry.is_empty()) {
        let domain = entry.trim_start_matches(['*', '.']);
        same = match domain {
            "" => same.no_proxy(entry),
            domain => same.no_proxy(domain).no_proxy(&format!(".{domain}")),
        };
    }
    same.build().ok()
}

/// What to look at besides, when nobody can be reached.
pub(super) fn note() -> &'static str {
    if proxy().is_some() {
        " (the environment names a proxy: check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, and NO_PROXY for hosts that are near)"
    } else if Proxy::try_from_env().is_some() {
        " (the SOCKS proxy of the environment is for Git alone: name one for http by HTTPS_PROXY)"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_without_the_proxy_are_read_as_curl_reads_them() {
        let proxy = Proxy::new("http://me:p%40ss@proxy.example:3128").unwrap();
        let near = |hosts: &str, host: &str| {
            let proxy = but_for(&proxy, hosts).unwrap();
            assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3128));
            assert_eq!((proxy.username(), proxy.password()), (Some("me"), Some("p@ss")));
            proxy.is_no_proxy(&format!("https://{host}/v2/").parse().unwrap())
        };
        for (hosts, host) in [
            ("localhost, 127.0.0.1", "127.0.0.1:5000"),
            ("localhost 127.0.0.1", "127.0.0.1:5000"),
            ("corp.example", "git.corp.example"),
            ("corp.example", "corp.example"),
            (".corp.example", "corp.example"),
            (" *.corp.example ,x", "registry.git.corp.example"),
            ("Corp.Example", "git.corp.example"),
            ("*", "anything"),
        ] {
            assert!(near(hosts, host), "{hosts}: {host}");
        }
        for (hosts, host) in [
            ("", "corp.example"),
            (" , ", "corp.example"),
            ("corp.example", "notcorp.example"),
            ("git.corp.example", "corp.example"),
        ] {
            assert!(!near(hosts, host), "{hosts}: {host}");
        }
    }

    #[test]
    fn an_empty_list_of_hosts_hides_no_other() {
        for (named, hosts) in [
            (["a", "b"], "a"),
            (["", "b"], "b"),
            (["a", ""], "a"),
            (["", ""], ""),
        ] {
            assert_eq!(near(named.map(str::to_owned)), hosts, "{named:?}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_passed_over() {
        let first = |named: &[&str]| {
            let proxy = first(named.iter().map(ToString::to_string))?;
            Some(proxy.host().to_owned())
        };
        assert_eq!(
            first(&["", "socks5h://a", "proxy.example:3128", "http://b"]).as_deref(),
            Some("proxy.example")
        );
        for none in [&["socks5h://a", "socks5://a", "nonsense://a"][..], &[]] {
            assert_eq!(first(none), None);
        }
    }
}
