//! AWS, as more than one program knows it: what its command line says, and how its hosts are named.

mod error_class;
pub mod partition;

pub use error_class::ErrorClass;
