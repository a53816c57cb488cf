//! How long a name may be: by the longest name that a template of AWS makes of it.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use project::Project;
use serde_json::Value;

use super::facts::Facts;
use super::tree::Paths;

pub(super) const TEMPLATES: &str = "infra/aws";
/// What CloudFormation allows a stack's name.
const STACK: usize = 128;
/// Kind of resource, the property that names one, and the most characters that AWS allows there.
const LIMITS: &[(&str, &str, usize)] = &[
    ("AWS::CodeBuild::Project", "Name", 150),
    ("AWS::CodeCommit::Repository", "RepositoryName", 100),
    ("AWS::CodePipeline::Pipeline", "Name", 100),
    ("AWS::DynamoDB::Table", "TableName", 255),
    ("AWS::ECR::Repository", "RepositoryName", 256),
    ("AWS::Events::Rule", "Name", 64),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", 128),
    ("AWS::IAM::Role", "RoleName", 64),
    ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ("AWS::S3::Bucket", "BucketName", 63),
    ("AWS::SecretsManager::Secret", "Name", 512),
];

/// An error with the first name that would be too long.
pub(super) fn check(files: &Paths, project: &Project, facts: Option<&Facts>) -> Result<()> {
    let templates = files.iter().filter(|(path, _)| {
        path.parent() == Some(Path::new(TEMPLATES)) && path.extension().is_some_and(|it| it == "yaml")
    });
    for (path, file) in templates {
        let text = file.text().unwrap_or_default();
        let template: Value =
            serde_saphyr::from_str(text).with_context(|| format!("read {}", path.display()))?;
        for environment in project.environments() {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let stack = format!("{}-{stem}-{environment}", project.name());
            within(&stack, "stack", STACK, path, project)?;
            for resource in template["Resources"]
                .as_object()
                .into_iter()
                .flat_map(|all| all.values())
            {
                if let Some((kind, name, limit)) = named(resource) {
                    let name = filled(name, project, environment.name(), facts);
                    within(&name, kind, limit, path, project)?;
                }
            }
        }
    }
    Ok(())
}

/// Kind, name and limit of a resource that is given a name.
fn named(resource: &Value) -> Option<(&str, &str, usize)> {
    let kind = resource["Type"].as_str()?;
    let (_, property, limit) = LIMITS.iter().find(|(known, ..)| *known == kind)?;
    Some((kind, resource["Properties"][property].as_str()?, *limit))
}

/// `name` as CloudFormation would fill it in. A `!Ref` is read as the parameter's name alone.
fn filled(name: &str, project: &Project, environment: &str, facts: Option<&Facts>) -> String {
    let name = if name == "Project" { "${Project}" } else { name };
    let name = name
        .replace("${Project}", project.name())
        .replace("${Environment}", environment);
    facts.map_or_else(
        || name.clone(),
        |facts| {
            name.replace("${AWS::AccountId}", &facts.account)
                .replace("${AWS::Region}", &facts.region)
        },
    )
}

fn within(made: &str, kind: &str, limit: usize, path: &Path, project: &Project) -> Result<()> {
    let too_many = made.len().saturating_sub(limit);
    ensure!(
        too_many == 0,
        "`{}` is too long: {} makes of it {made} ({kind}), which has {} characters where AWS allows {limit}; take at most \
         {}; nothing was written",
        project.name(),
        path.display(),
        made.len(),
        project.name().len().saturating_sub(too_many)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::File;

    /// Nothing but one template.
    fn only(path: &str, text: &str) -> Paths {
        [(path.into(), File::of(text))].into()
    }

    const BUCKET: &str = "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties:\n      \
        BucketName: !Sub ${Project}-kept-${AWS::AccountId}-${AWS::Region}\n";

    fn error(name: &str, path: &str, template: &str) -> Option<String> {
        let facts = Facts {
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            repository: String::new(),
        };
        let checked = check(&only(path, template), &project(name), Some(&facts));
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn the_longest_name_is_computed_from_the_templates() {
        let longest = "n".repeat(63 - "-kept-123456789012-eu-west-1".len());
        assert_eq!(error(&longest, "infra/aws/kept.yaml", BUCKET), None);
        let error = error(&format!("{longest}n"), "infra/aws/kept.yaml", BUCKET).unwrap();
        let most = format!("at most {}", longest.len());
        for words in [
            "infra/aws/kept.yaml",
            "AWS::S3::Bucket",
            "64 characters",
            "allows 63",
            &most,
        ] {
            assert!(error.contains(words), "`{words}` is missing: {error}");
        }
    }

    #[test]
    fn a_stack_has_the_name_of_its_template() {
        let stem = "t".repeat(128 - "name--test".len());
        assert_eq!(
            error("name", &format!("infra/aws/{stem}.yaml"), "Resources: {}"),
            None
        );
        let longer = error("name", &format!("infra/aws/{stem}t.yaml"), "Resources: {}");
        assert!(longer.is_some_and(|error| error.contains("stack") && error.contains("at most 3")));
        assert_eq!(
            error("name", &format!("infra/local/{stem}t.yaml"), "Resources: {}"),
            None
        );
    }

    #[test]
    fn a_name_that_is_a_reference_is_filled_in_too() {
        assert_eq!(filled("Project", &project("abc"), "test", None), "abc");
        assert_eq!(
            filled("${Project}-${Environment}", &project("abc"), "test", None),
            "abc-test"
        );
    }

    fn project(name: &str) -> Project {
        let text = format!(
            "name = \"{name}\"\napplication = \"b\"\n[[environments]]\nname = \"test\"\nbranch = \"m\"\n"
        );
        Project::of_text(&text).unwrap()
    }
}
