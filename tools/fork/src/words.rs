//! One fact in the place of another, wherever it is a word of its own: the account's digits are
//! also part of digests.

use super::facts::Facts;
use taskkit::aws::partition::PARTITIONS;

/// What is looked for, and what takes its place.
pub(super) type Pairs = Vec<(String, String)>;

/// `text` with the second word of each pair in the place of the first one, where it is no part of a
/// longer word.
pub(super) fn replaced(text: &str, pairs: &Pairs) -> String {
    // Most texts have none of them, which is quickly found out.
    if !pairs
        .iter()
        .any(|(old, new)| old != new && text.contains(old.as_str()))
    {
        return text.to_owned();
    }
    let mut result = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let found = pairs.iter().find_map(|(old, new)| {
            let after = rest.strip_prefix(old.as_str())?;
            stands_alone(before, old, after.chars().next()).then_some((old, new, after))
        });
        if let Some((old, new, after)) = found {
            result.push_str(new);
            before = old.chars().last();
            rest = after;
        } else {
            result.push(next);
            before = Some(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    result
}

/// Whether `word` stands in `text`, as no part of a longer one.
pub(super) fn has(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let after = text[at + word.len()..].chars().next();
        stands_alone(text[..at].chars().next_back(), word, after)
    })
}

/// Each fact of `new` for the old one; ARNs and host names of AWS get the partition of the new
/// region. The first that fits counts, so the longer ones come first.
pub(super) fn pairs(old: &Facts, new: &Facts) -> Pairs {
    let host = format!("{}.{}", new.region, new.partition().suffix);
    let mut suffixes: Vec<_> = PARTITIONS.iter().map(|partition| partition.suffix).collect();
    suffixes.sort_by_key(|suffix| std::cmp::Reverse(suffix.len()));
    // A host of the new region may still have the ending of another partition.
    let hosts = [&old.region, &new.region].into_iter().flat_map(|region| {
        let hosts = suffixes.iter().map(move |suffix| format!("{region}.{suffix}"));
        hosts.map(|old| (old, host.clone()))
    });
    let arns = PARTITIONS.iter().map(|partition| {
        let arn = |name: &str| format!("arn:{name}:");
        (arn(partition.name), arn(new.partition().name))
    });
    std::iter::once((old.repository.clone(), new.repository.clone()))
        .chain(hosts)
        .chain(arns)
        .chain([
            (old.account.clone(), new.account.clone()),
            (old.region.clone(), new.region.clone()),
        ])
        .collect()
}

/// Whether `word` is no part of a longer one, between these two characters.
fn stands_alone(before: Option<char>, word: &str, after: Option<char>) -> bool {
    let joined = |one: Option<char>, other: Option<char>| {
        [one, other]
            .iter()
            .all(|c| c.is_some_and(|c| c.is_ascii_alphanumeric()))
    };
    !joined(before, word.chars().next()) && !joined(word.chars().last(), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(account: &str, region: &str, repository: &str) -> Facts {
        Facts {
            account: account.to_owned(),
            region: region.to_owned(),
            repository: repository.to_owned(),
        }
    }

    fn old() -> Facts {
        facts("000000000000", "eu-central-1", "https://github.com/a/b.git")
    }

    #[test]
    fn facts_are_replaced_where_they_are_words_of_their_own() {
        // The new address has the old region in it, and keeps it.
        let new = facts("123456789012", "eu-west-3", "https://git.eu-central-1.x/c.git");
        let text = "000000000000.dkr.ecr.eu-central-1.x sha256:0000000000000 eu-central-1a https://github.com/a/b.git\n";
        assert_eq!(
            replaced(text, &pairs(&old(), &new)),
            "123456789012.dkr.ecr.eu-west-3.x sha256:0000000000000 eu-central-1a https://git.eu-central-1.x/c.git\n"
        );
        assert_eq!(replaced(text, &pairs(&old(), &old())), text);
    }

    #[test]
    fn arns_and_hosts_go_to_the_partition_of_the_region_and_back() {
        let text = |partition: &str, host: &str| {
            format!(
                "arn:{partition}:iam::000000000000:role/x 000000000000.dkr.ecr.{host}/y oidc.eks.{host}/id sts.amazonaws.com \
                 arn:${{AWS::Partition}}:s3:::z eks.amazonaws.com/role-arn"
            )
        };
        let home = text("aws", "eu-central-1.amazonaws.com");
        for (region, partition, suffix) in [
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ] {
            let new = Facts {
                region: region.to_owned(),
                ..old()
            };
            let moved = text(partition, &format!("{region}.{suffix}"));
            assert_eq!(replaced(&home, &pairs(&old(), &new)), moved);
            assert_eq!(replaced(&moved, &pairs(&new, &old())), home);
            // As the command left it when it knew of no partition.
            let half = text("aws", &format!("{region}.amazonaws.com"));
            assert_eq!(replaced(&half, &pairs(&new, &new)), moved);
        }
    }
}
