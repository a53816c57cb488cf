//! Which settings of a person are honoured: those by which a remote is reached. Each other one is
//! shut out, known or not.

/// Settings in the order in which Git reads them.
pub(crate) type Settings = Vec<(String, String)>;

/// Whole sections: credentials, proxies and certificates, what may be fetched by.
const SECTIONS: &[&str] = &["credential", "http", "protocol", "ssh"];
/// Single settings: by which program, and where an address leads.
const SINGLE: &[(&str, &str)] = &[
    ("core", "askpass"),
    ("core", "gitproxy"),
    ("core", "sshcommand"),
    ("url", "insteadof"),
    ("url", "pushinsteadof"),
];
/// Of a remote that is used. Not `pushurl`, `push`, `fetch`, `mirror` or `tagOpt`: the verbs write
/// where they read, and only what they say.
const REMOTE: &[&str] = &[
    "partialclonefilter",
    "promisor",
    "proxy",
    "proxyauthmethod",
    "receivepack",
    "uploadpack",
    "url",
];

/// Section, name between, and variable of a key as Git prints it.
fn parts(key: &str) -> Option<(&str, &str, &str)> {
    let (section, rest) = key.split_once('.')?;
    Some(match rest.rsplit_once('.') {
        Some((between, variable)) => (section, between, variable),
        None => (section, "", rest),
    })
}

/// Of what `git config --list -z` printed, what is honoured; of remotes `remote` and those that a
/// partial clone fetches from.
pub(crate) fn honoured(listed: &str, remote: &str) -> Settings {
    let all = listed.split_terminator('\0').map(|entry| {
        // A setting without a value means yes.
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        (key.to_owned(), value.to_owned())
    });
    let all: Settings = all.collect();
    let mut found = Settings::new();
    for (key, value) in &all {
        let is_used = match parts(key) {
            Some(("remote", name, variable)) if REMOTE.contains(&variable) => {
                let promises = || {
                    all.iter()
                        .any(|(key, _)| *key == format!("remote.{name}.promisor"))
                };
                let again = || variable == "url" && found.iter().any(|(known, _)| known == key);
                // Of several addresses the first is fetched from; pushing goes there alone.
                (name == remote || promises()) && !again()
            }
            Some((section, _, variable)) => {
                SECTIONS.contains(&section) || SINGLE.contains(&(section, variable))
            }
            None => false,
        };
        if is_used {
            found.push((key.clone(), value.clone()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_remote_is_honoured_and_nothing_else() {
        let listed = "http.proxy\nhttp://proxy\0push.followtags\ntrue\0http.https://git.example/.extraheader\nA: b\0\
                      url.https://mirror/.insteadof\nhttps://git.example/\0credential.helper\n\0credential.helper\n!token\0\
                      core.hookspath\n/hooks\0core.sshcommand\nssh -i key\0remote.origin.url\nhttps://git.example/a\0\
                      remote.origin.url\nhttps://second/a\0remote.origin.pushurl\nhttps://third/a\0remote.origin.mirror\0\
                      remote.other.url\nhttps://other/a\0i18n.commitencoding\nlatin1\0diff.external\nfalse\0";
        let keys: Vec<_> = honoured(listed, "origin").into_iter().collect();
        let expected = [
            ("http.proxy", "http://proxy"),
            ("http.https://git.example/.extraheader", "A: b"),
            ("url.https://mirror/.insteadof", "https://git.example/"),
            ("credential.helper", ""),
            ("credential.helper", "!token"),
            ("core.sshcommand", "ssh -i key"),
            ("remote.origin.url", "https://git.example/a"),
        ];
        assert_eq!(
            keys,
            expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_partial_clone_keeps_the_remote_that_promised_the_rest() {
        let listed =
            "remote.up.stream.url\nhttps://a/b\0remote.up.stream.promisor\0remote.up.stream.fetch\n+a:b\0";
        let expected = [
            ("remote.up.stream.url", "https://a/b"),
            ("remote.up.stream.promisor", "true"),
        ];
        assert_eq!(
            honoured(listed, "origin"),
            expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }
}
