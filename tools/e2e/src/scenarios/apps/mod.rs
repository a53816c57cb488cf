//! Apps that `cargo xtask new-app` made go through the loop, and go away again.

mod change;
pub(crate) mod many_apps;
pub(crate) mod new_app;
mod state;
