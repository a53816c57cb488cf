//! The name of a role.

use anyhow::{Context as _, Result, ensure};

/// `arn:aws:iam::000000000000:role/backend-staging`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Role {
    /// As `aws`.
    pub(crate) partition: String,
    pub(crate) account: String,
    /// Without its path.
    pub(crate) name: String,
}

impl Role {
    pub(crate) fn parse(arn: &str) -> Result<Self> {
        let parts: Vec<_> = arn.split(':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else {
            anyhow::bail!("{arn} is no ARN of a role");
        };
        let name = resource
            .strip_prefix("role/")
            .and_then(|path| path.rsplit('/').next())
            .with_context(|| format!("{arn} is no ARN of a role"))?;
        ensure!(!account.is_empty() && !name.is_empty(), "{arn} names no role");
        Ok(Self {
            partition: (*partition).to_owned(),
            account: (*account).to_owned(),
            name: name.to_owned(),
        })
    }

    /// As policies name it. A path is not known here any more; no role of these templates has one.
    pub(crate) fn arn(&self) -> String {
        let Self {
            partition,
            account,
            name,
        } = self;
        format!("arn:{partition}:iam::{account}:role/{name}")
    }

    /// Whoever has taken it on, as AWS names them.
    pub(crate) fn assumed(&self, session: &str) -> String {
        let Self {
            partition,
            account,
            name,
        } = self;
        format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}")
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn account_and_name_are_read() {
        let role = Role::parse("arn:aws:iam::1:role/some/path/backend").unwrap();
        assert_eq!((role.account.as_str(), role.name.as_str()), ("1", "backend"));
        assert_eq!(role.arn(), "arn:aws:iam::1:role/backend");
        assert_eq!(role.assumed("s"), "arn:aws:sts::1:assumed-role/backend/s");
        for other in [
            "backend",
            "arn:aws:iam::1:user/ada",
            "arn:aws:iam::1:role/",
            "arn:aws:iam:::role/a",
        ] {
            assert!(Role::parse(other).is_err(), "{other}");
        }
    }
}
