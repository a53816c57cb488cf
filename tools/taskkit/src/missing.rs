//! What is done about what this machine lacks, as the flag `--no-install` of many commands says.

/// What is done about what this machine lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is installed, as far as that is possible.
    Install,
    /// It is named, and nothing is changed.
    Name,
}

impl Missing {
    /// As the flag says.
    pub fn of_flag(no_install: bool) -> Self {
        if no_install { Self::Name } else { Self::Install }
    }

    /// The flag that says so to another program.
    pub fn flag(self) -> Option<&'static str> {
        (self == Self::Name).then_some("--no-install")
    }
}
