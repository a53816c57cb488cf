//! A template in the form in which AWS is given it.

use serde_json::Value;

/// As it stands in the one template that has it.
const NAME: &str = "TableName: !Sub ";

/// `template` with the table's name itself, where it says how to make the name of `parameters`.
///
/// A table that an earlier stack kept is taken in again only by a name that AWS has not to work out
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html>).
pub(crate) fn with_plain_table_name(template: &str, parameters: &[Value]) -> String {
    let plain = |line: &str| {
        let Some((indent, name)) = line.split_once(NAME) else {
            return line.to_owned();
        };
        let name = parameters.iter().fold(name.to_owned(), |name, parameter| {
            let text = |field: &str| parameter[field].as_str().unwrap_or_default();
            name.replace(&format!("${{{}}}", text("ParameterKey")), text("ParameterValue"))
        });
        format!("{indent}TableName: {name}")
    };
    template.lines().map(|line| plain(line) + "\n").collect()
}

/// The names of the tables of a template that is told these parameters.
pub(crate) fn table_names(template: &str, parameters: &[Value]) -> Vec<String> {
    let plain = with_plain_table_name(template, parameters);
    let names = plain
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("TableName: "));
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_gets_its_name_and_nothing_else_changes() {
        let template =
            "a: 1\n      TableName: !Sub messages-${Environment}\n      RoleName: !Sub r-${Environment}\n";
        let parameters = [json!({"ParameterKey": "Environment", "ParameterValue": "staging"})];
        assert_eq!(
            with_plain_table_name(template, &parameters),
            "a: 1\n      TableName: messages-staging\n      RoleName: !Sub r-${Environment}\n"
        );
        assert_eq!(table_names(template, &parameters), ["messages-staging"]);
        let other = include_str!("../../../infra/aws/registry.yaml");
        assert_eq!(with_plain_table_name(other, &parameters), other);
    }
}
