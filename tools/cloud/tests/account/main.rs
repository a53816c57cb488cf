//! The templates of `infra/aws`: right by themselves, deployed where an emulator answers for them,
//! and no wider than the code needs.
#![allow(
    clippy::unwrap_used,
    reason = "test helpers outside test functions fail the test all the same"
)]

mod actions;
mod admission;
mod clusters;
mod clusterset;
mod codecommit;
mod credentials;
mod destroy;
mod fake_aws;
mod images;
mod lint;
mod load_balancer; // wing: addons
mod push;
mod refusals;
mod shift;
mod stacks;
mod trust;
