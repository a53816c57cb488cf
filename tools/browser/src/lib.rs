//! A browser for the tests of the page: headless Chromium, driven over `WebDriver`.
//!
//! Each test has an application and browsers of its own, so tests need no order and may run at
//! once: the application starts in a fifth of a second, a browser in less than one. Nothing waits
//! for a time: [`Browser`] waits for what a person would see, with a deadline.

mod artefacts;
pub mod axe;
mod browser;
mod driver;
pub mod pictures;
mod proxy;
mod site;

pub use browser::{Browser, PLAIN_HOST, Tab};
pub use proxy::Proxy;
pub use site::Site;
