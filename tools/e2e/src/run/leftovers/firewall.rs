//! The packet filter's rules of podman's network, as `iptables-save` prints them.
//!
//! Netavark names two chains after the network, marks what sends a port of this machine to a
//! container with the network's name, and names the network's range everywhere else.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ipnet::Ipv4Net;
use sha2::{Digest as _, Sha512};

/// Rules that name a range and nothing else of the network are in these.
const BY_RANGE: [&str; 2] = ["NETAVARK_FORWARD", "NETAVARK_INPUT"];
/// What netavark takes of the network's hash.
const DIGITS: usize = 13;

/// The rules of one network.
pub(super) struct Rules {
    network: String,
    chains: [String; 2],
}

impl Rules {
    pub(super) fn of(network: &str) -> Self {
        let hash = hex(&Sha512::digest(network));
        let hash = hash[..DIGITS].to_uppercase();
        Self {
            network: network.to_owned(),
            chains: [format!("NETAVARK-{hash}"), format!("NETAVARK-DN-{hash}")],
        }
    }

    /// The ranges that the network's own chain lets through: those it has now, and those it had
    /// when a run was killed.
    pub(super) fn ranges(&self, saved: &str) -> BTreeSet<Ipv4Net> {
        let rules = saved.lines().filter_map(Rule::read);
        rules
            .filter(|rule| rule.chain == self.chains[0] && rule.target() == Some("ACCEPT"))
            .flat_map(Rule::ranges)
            .collect()
    }

    /// What `iptables-restore --noflush` reads to remove all rules of the network, which has had
    /// `ranges`; none if there is none.
    pub(super) fn removal(&self, saved: &str, ranges: &BTreeSet<Ipv4Net>) -> Option<String> {
        let mut removal = String::new();
        for table in saved.split("COMMIT\n") {
            let lines = || table.lines();
            let Some(name) = lines().find(|line| line.starts_with('*')) else {
                continue;
            };
            let mut commands = String::new();
            for rule in lines().filter_map(Rule::read) {
                if !self.is_chain(rule.chain) && self.is_ours(&rule, ranges) {
                    let _ = writeln!(commands, "-D {}", rule.text);
                }
            }
            let declared = |chain: &&String| lines().any(|line| line.starts_with(&format!(":{chain} ")));
            let chains: Vec<_> = self.chains.iter().filter(declared).collect();
            for command in ["-F", "-X"] {
                for chain in &chains {
                    let _ = writeln!(commands, "{command} {chain}");
                }
            }
            if !commands.is_empty() {
                let _ = write!(removal, "{name}\n{commands}COMMIT\n");
            }
        }
        (!removal.is_empty()).then_some(removal)
    }

    fn is_chain(&self, name: &str) -> bool {
        self.chains.iter().any(|chain| chain == name)
    }

    fn is_ours(&self, rule: &Rule<'_>, ranges: &BTreeSet<Ipv4Net>) -> bool {
        let by_name = rule.text.contains(&format!("\"dnat name: {} id: ", self.network));
        let by_range = BY_RANGE.contains(&rule.chain) && rule.ranges().any(|range| ranges.contains(&range));
        by_name || by_range || rule.target().is_some_and(|target| self.is_chain(target))
    }
}

/// One line that begins with `-A`, without that.
#[derive(Clone, Copy)]
struct Rule<'a> {
    chain: &'a str,
    text: &'a str,
}

impl<'a> Rule<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let text = line.strip_prefix("-A ")?;
        let chain = text.split(' ').next()?;
        Some(Self { chain, text })
    }

    fn target(self) -> Option<&'a str> {
        self.after(|word| word == "-j").next()
    }

    fn ranges(self) -> impl Iterator<Item = Ipv4Net> + use<'a> {
        let words = self.after(|word| word == "-s" || word == "-d");
        words.filter_map(|word| word.parse().ok())
    }

    fn after(self, is: fn(&str) -> bool) -> impl Iterator<Item = &'a str> + use<'a> {
        let words = self.text.split(' ');
        let next = words.clone().skip(1);
        words
            .zip(next)
            .filter_map(move |(word, next)| is(word).then_some(next))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As netavark 1.4 leaves it when it is killed, beside a network of somebody else.
    const SAVED: &str = include_str!("../../../fixtures/iptables-save.txt");

    fn removal(network: &str) -> Option<String> {
        let rules = Rules::of(network);
        rules.removal(SAVED, &rules.ranges(SAVED))
    }

    #[test]
    fn the_chains_are_those_of_netavark() {
        let chains = Rules::of("hz-net").chains;
        assert_eq!(chains, ["NETAVARK-1449EF631EB28", "NETAVARK-DN-1449EF631EB28"]);
    }

    #[test]
    fn all_rules_of_the_network_go_and_no_others() {
        let removal = removal("hz-net").unwrap();
        let expected = "*filter\n\
            -D NETAVARK_FORWARD -d 10.89.1.0/24 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
            -D NETAVARK_FORWARD -s 10.89.1.0/24 -j ACCEPT\n\
            COMMIT\n\
            *nat\n\
            -D POSTROUTING -s 10.89.1.0/24 -j NETAVARK-1449EF631EB28\n\
            -D NETAVARK-HOSTPORT-DNAT -p tcp -m tcp --dport 18080 -m comment --comment \"dnat name: hz-net id: 5a01\" \
            -j NETAVARK-DN-1449EF631EB28\n\
            -F NETAVARK-1449EF631EB28\n\
            -F NETAVARK-DN-1449EF631EB28\n\
            -X NETAVARK-1449EF631EB28\n\
            -X NETAVARK-DN-1449EF631EB28\n\
            COMMIT\n";
        assert_eq!(removal, expected);
    }

    #[test]
    fn where_nothing_is_left_nothing_is_asked_for() {
        assert_eq!(removal("hz"), None);
        assert_eq!(removal("no-net"), None);
    }
}
