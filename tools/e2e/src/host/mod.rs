//! What a run has of this machine itself: processes, ports, the network of its containers, programs
//! and files.

pub(crate) mod compiled;
pub(crate) mod haproxy;
pub(crate) mod interrupt;
pub(crate) mod json_file;
pub(crate) mod machine;
pub(crate) mod network;
pub(crate) mod ports;
pub(crate) mod process;
pub(crate) mod proxy;
