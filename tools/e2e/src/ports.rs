//! Free ports of this machine's loopback address.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// Ports that nobody listens on now. All are held until the last is found, so they differ.
pub(crate) fn free(count: usize) -> Result<Vec<u16>> {
    let listeners: Vec<_> = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<_, _>>()
        .context("find free ports on 127.0.0.1")?;
    let port = |listener: &TcpListener| {
        let address = listener.local_addr();
        Ok(address.context("ask for the number of a free port")?.port())
    };
    listeners.iter().map(port).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn free_ports_differ() {
        let ports = super::free(4).unwrap();
        for (index, port) in ports.iter().enumerate() {
            assert!(*port != 0 && !ports[..index].contains(port));
        }
    }
}
