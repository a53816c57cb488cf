//! Free ports of this machine's loopback address.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// Ports that nobody listens on now. All are held until the last is found, so they differ.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    let listeners: Vec<_> = (0..N)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<_, _>>()
        .context("find free ports on 127.0.0.1")?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener
            .local_addr()
            .context("ask for the number of a free port")?
            .port();
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    #[test]
    fn free_ports_differ() {
        let ports: [u16; 4] = super::free().unwrap();
        for (index, port) in ports.iter().enumerate() {
            assert!(*port != 0 && !ports[..index].contains(port));
        }
    }
}
