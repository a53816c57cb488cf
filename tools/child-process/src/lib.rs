//! Child processes that end with all they have started, and whose failures show the end of their
//! log.
//!
//! Three ways to own one, by who must end with it:
//!
//! - [`ProcessGroup`]: the child and what it started, when the value is dropped; asked first, then
//!   made to.
//! - [`ProcessTree`]: also what has left the child's process group, as the steps of CI runners do.
//! - [`Watched`]: everything started in it, even when this process is killed.
//!
//! The crates process-wrap and command-group were looked at. They put a child into a group and send
//! the group a signal, which `std` and rustix do in a line each. Neither asks first and waits,
//! neither knows a group's end from its leader's, and neither outlives a kill of this process, so
//! nothing here would become shorter by them.

mod group;
pub mod log;
mod tree;
mod watched;

pub use group::{GRACE, Leader, ProcessGroup};
pub use tree::ProcessTree;
pub use watched::Watched;
