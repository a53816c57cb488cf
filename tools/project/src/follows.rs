//! Which versions an environment may follow.

use semver::VersionReq;

use crate::ProjectError;
use crate::names::wrong;

/// What is wrong with a range of versions, if anything is.
pub(crate) fn check(key: &str, range: &str, is_first: bool) -> Result<(), ProjectError> {
    if is_first {
        let why = "the first environment is what CI builds for, and a version is given to what was built; let a later one follow";
        return Err(wrong(key, range, why));
    }
    if let Err(error) = VersionReq::parse(range) {
        let why =
            format!("is no range of versions ({error}); write one as Cargo does, such as ^1.2 or >=1.2, <3");
        return Err(wrong(key, range, &why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Project;

    fn read(follows: [&str; 2]) -> Result<Project, String> {
        let environment = |(name, follows)| {
            format!("[[environments]]\nname = \"{name}\"\nbranch = \"{name}\"\n{follows}\n")
        };
        let environments = ["test", "live"].into_iter().zip(follows).map(environment);
        let environments: String = environments.collect();
        let text = format!("name = \"loop\"\napplication = \"board\"\n{environments}");
        Project::of_text(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_environment_behind_the_first_may_follow_a_range_of_versions() {
        let project = read(["", "follows = \"^1.2\""]).unwrap();
        assert_eq!(project.last().follows(), Some(&"^1.2".parse().unwrap()));
        assert_eq!(project.first().follows(), None);
        let first = read(["follows = \"^1.2\"", ""]).unwrap_err();
        assert!(
            first.contains("environments[0].follows = \"^1.2\": the first"),
            "{first}"
        );
        for wrong in ["", "latest", "v1.2", "^1.2 || ^3"] {
            let said = read(["", &format!("follows = \"{wrong}\"")]).unwrap_err();
            let names = said.contains("environments[1].follows") && said.contains("such as ^1.2");
            assert!(names, "{said}");
        }
    }
}
