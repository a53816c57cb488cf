//! What keeps a release back, and how a person has it released all the same.

mod unproven;

use crate::ci::hold::Hold;

pub(crate) use self::unproven::{Unproven, Why, waiting, withdrawal};

/// Says at the end of a proposal's message why a person does not wait for the proof.
pub(crate) const UNVERIFIED: &str = "Unverified: ";

/// What keeps a plan back.
#[derive(Debug, Default)]
pub(crate) struct HeldBack {
    /// Nothing goes to the environment now.
    pub(crate) hold: Option<Hold>,
    /// What the environment before has not proven of it.
    pub(crate) unproven: Vec<Unproven>,
    /// Why a person has it released all the same.
    pub(crate) unverified: Option<String>,
}
