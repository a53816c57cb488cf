//! What a fork has of its own in `infra/`, as the template has it: these tests run in forks too.

use super::{ADDRESS, Checkout, PARAMETERS, POLICY};

/// Whom AWS trusts in the template.
const TRUSTED: [(&str, &str); 6] = [
    ("GitHubRepository", ""),
    ("GitHubOwnerId", ""),
    ("GitHubRepositoryId", ""),
    ("GitHubImmutableSubject", "yes"),
    ("GitLabHost", "gitlab.com"),
    ("GitLabProject", ""),
];
/// Whose signature an image needs there.
const SIGNER: &str = "  authorities:
    - name: deliver
      keyless:
        identities:
          - issuer: https://token.actions.githubusercontent.com
            subject: https://github.com/anybody/anything/.github/workflows/deliver.yaml@refs/heads/master
";

impl Checkout {
    /// A fork may lie on another forge, and may sign by a key: here it begins as the template does,
    /// on GitHub and with nobody trusted.
    pub(super) fn begin_on_github(&self) {
        let (project, text) = (self.project(), self.read(ADDRESS));
        let mut lines = text.lines();
        let own = lines.find_map(|line| line.trim().strip_prefix("url: "));
        let own = own.expect("it has an address").trim_matches(['"', '\'']);
        let begun = format!("https://github.com/{0}/{0}.git", project.name());
        for (path, text) in self.deployed() {
            if text.contains(own) {
                self.write(&format!("infra/{}", path.display()), &text.replace(own, &begun));
            }
        }
        let parameters = self.read(PARAMETERS);
        let lines = parameters.lines().map(|line| {
            let mut trusted = TRUSTED.iter();
            let known = trusted.find(|(name, _)| line.starts_with(&format!("{name} = ")));
            known.map_or_else(
                || format!("{line}\n"),
                |(name, value)| format!("{name} = \"{value}\"\n"),
            )
        });
        self.write(PARAMETERS, &lines.collect::<String>());
        let policy = self.read(POLICY);
        if !policy.contains("subject: https://github.com/") {
            let (head, _) = policy.split_once("  authorities:\n").expect("somebody signs");
            self.write(POLICY, &format!("{head}{SIGNER}"));
        }
    }
}
