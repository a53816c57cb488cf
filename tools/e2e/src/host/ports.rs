//! Free ports of this machine's loopback address.

use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, TcpListener},
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
};

use anyhow::{Result, ensure};

/// From where on ports are looked for: below, services that are known by their port listen.
const LOWEST: u16 = 20_000;
/// Which ports the system gives to whoever asks for any; other systems than Linux have no such
/// file, and begin higher.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// Where that range begins on Linux, unless it was set.
const USUAL: u16 = 32_768;

/// Those that were given away. Many listen only half a minute later, and until then a port looks
/// free to whoever asks next.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// Ports that nobody listens on now, and that this process has given to nobody. All are held until
/// the last is found, so they differ.
///
/// The system gives none of them to a program that asks for any port. The packet filter's rules of
/// a run that was killed lead whoever comes to its ports into a network that is gone, until the
/// next run removes them: such a program would listen, and nobody would reach it.
pub(crate) fn free(count: usize) -> Result<Vec<u16>> {
    let range = fs::read_to_string(EPHEMERAL).ok();
    let ports = below(range.as_deref());
    let mut candidates: Vec<u16> = ports.clone().collect();
    fastrand::shuffle(&mut candidates);
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let free = first_free(candidates, count, &mut given);
    ensure!(
        free.len() == count,
        "of the ports {} to {} of 127.0.0.1, {} are free, and {count} are needed: end what listens there",
        ports.start(),
        ports.end(),
        free.len()
    );
    Ok(free)
}

fn first_free(
    candidates: impl IntoIterator<Item = u16>,
    count: usize,
    given: &mut BTreeSet<u16>,
) -> Vec<u16> {
    let listening = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(|listener| (port, listener));
    let new = candidates.into_iter().filter(|port| !given.contains(port));
    let held: Vec<_> = new.flat_map(listening).take(count).collect();
    let free: Vec<_> = held.into_iter().map(|(port, _)| port).collect();
    given.extend(&free);
    free
}

/// The ports below the range that the system gives away; where it begins too low for that, those
/// below where it usually begins.
fn below(range: Option<&str>) -> RangeInclusive<u16> {
    let first = range.and_then(|range| range.split_whitespace().next()?.parse().ok());
    let end = first.filter(|first| *first > LOWEST + 1000).unwrap_or(USUAL);
    LOWEST..=end - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ_and_are_given_to_nobody_else() {
        let ports = free(4).unwrap();
        let given = below(fs::read_to_string(EPHEMERAL).ok().as_deref());
        for (index, port) in ports.iter().enumerate() {
            assert!(
                given.contains(port) && !ports[..index].contains(port),
                "{ports:?}"
            );
        }
    }

    #[test]
    fn a_port_is_given_once_although_nobody_listens_yet() {
        let (ports, mut given) = (free(2).unwrap(), BTreeSet::new());
        let next = |given: &mut _| first_free(ports.iter().copied(), 1, given);
        assert_eq!(next(&mut given), ports[..1]);
        assert_eq!(next(&mut given), ports[1..]);
        assert!(next(&mut given).is_empty());
    }

    #[test]
    fn what_is_taken_is_left_out() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        let other = free(1).unwrap()[0];
        assert_eq!(first_free([taken, other], 1, &mut BTreeSet::new()), [other]);
        assert_eq!(first_free([taken, other], 2, &mut BTreeSet::new()), [other]);
    }

    #[test]
    fn the_range_is_the_one_below_what_the_system_gives_away() {
        assert_eq!(below(Some("32768\t60999\n")), 20_000..=32_767);
        assert_eq!(below(Some("49152 65535")), 20_000..=49_151);
        for unusable in [Some("1024\t65535\n"), Some("nonsense"), None] {
            assert_eq!(below(unusable), 20_000..=32_767, "{unusable:?}");
        }
    }
}
