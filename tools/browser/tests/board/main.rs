//! The message board as people meet it: with script and without, while others post, while the
//! backend is down.

mod clocks;
mod elsewhere;
mod live;
mod looks;
mod outage;
mod paging;
mod policy;
mod posting;
mod stalled;
mod tabs;
mod text;
