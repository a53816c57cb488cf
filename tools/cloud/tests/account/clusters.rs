//! eksctl is not to be had from a registry of packages, so its files are held against what the rest
//! of the repository expects.

use std::fs;

use cloud::account::Account;
use cloud::tools;
use serde_json::Value;

fn config(environment: &str) -> Value {
    let path = tools::templates().join(format!("eksctl/{environment}.yaml"));
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Of a `ClusterConfig`, as its documentation of version v1alpha5 lists them.
const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "iam",
    "accessConfig",
    "upgradePolicy",
    "vpc",
    "addons",
    "addonsConfig",
    "managedNodeGroups",
    "fargateProfiles",
    "cloudWatch",
];

#[test]
fn each_environment_has_the_cluster_that_its_roles_trust() {
    let account = Account::read().unwrap();
    for environment in tools::project().environment_names() {
        let config = config(environment);
        assert_eq!(config["apiVersion"], "eksctl.io/v1alpha5");
        assert_eq!(config["kind"], "ClusterConfig");
        let metadata = &config["metadata"];
        assert_eq!(
            metadata["name"],
            format!("{}-{environment}", tools::project().name())
        );
        assert_eq!(metadata["region"], account.region);
        assert_eq!(config["iam"]["withOIDC"], true, "the roles trust its issuer");
        for field in config.as_object().unwrap().keys() {
            assert!(FIELDS.contains(&field.as_str()), "unknown field {field}");
        }
        let groups = config["managedNodeGroups"].as_array().unwrap();
        for group in groups {
            assert_eq!(group["volumeEncrypted"], true);
            assert_eq!(group["privateNetworking"], true);
            // A pod that reads the node's credentials would have more than its own role.
            assert_eq!(group["disablePodIMDS"], true);
        }
    }
}

#[test]
fn clusters_run_the_kubernetes_that_the_e2e_proves() {
    let versions = fs::read_to_string(tools::root().join("tools/supply/versions.toml")).unwrap();
    let proven = versions
        .lines()
        .find_map(|line| line.strip_prefix("kubernetes = \"v"))
        .unwrap();
    for environment in tools::project().environment_names() {
        let version = config(environment)["metadata"]["version"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            proven.starts_with(&format!("{version}.")),
            "{environment} runs {version}, the e2e {proven}"
        );
    }
}

#[test]
fn no_cluster_enters_extended_support() {
    for environment in tools::project().environment_names() {
        // By default, one that nobody upgrades in time costs six times as much.
        assert_eq!(
            config(environment)["upgradePolicy"],
            serde_json::json!({"supportType": "STANDARD"}),
            "{environment}"
        );
    }
}

/// Whoever makes a cluster pays for it, and reads the page before.
#[test]
fn the_page_says_what_each_cluster_is_made_of() {
    let page = fs::read_to_string(tools::root().join("docs/FORK.md")).unwrap();
    for environment in tools::project().environment_names() {
        let start = format!("| {environment} | ");
        // A fork may have more environments than the page, or another page.
        let Some(row) = page.lines().find(|line| line.starts_with(&start)) else {
            continue;
        };
        let config = config(environment);
        let group = &config["managedNodeGroups"][0];
        let kind = group["instanceTypes"][0].as_str().unwrap();
        let market = if group["spot"] == true {
            "spot"
        } else {
            "on demand"
        };
        let nodes = format!("{} to {} × {kind}, {market}", group["minSize"], group["maxSize"]);
        let is_single = config["vpc"]["nat"]["gateway"] == "Single";
        let gateways = if is_single {
            "one for all zones"
        } else {
            "one in each zone"
        };
        let days = &config["cloudWatch"]["clusterLogging"]["logRetentionInDays"];
        let logs = if days.is_null() {
            "none".to_owned()
        } else {
            format!("kept for {days} days")
        };
        let disk = &group["volumeSize"];
        assert_eq!(
            row,
            format!("{start}{nodes} | {disk} GiB | {gateways} | {logs} |")
        );
    }
}

/// Whether a line of an example has a command that takes the region from the shell. What a file of
/// eksctl describes has one of its own.
fn takes_the_region_of_the_shell(line: &str) -> bool {
    let begun = [
        "aws ",
        "eksctl delete cluster --name ",
        "eksctl upgrade nodegroup --cluster ",
    ];
    begun.iter().any(|command| line.trim_start().starts_with(command)) || line.contains("$(aws ")
}

/// Whether a page tells the shell the region before the first such command, by the variable of
/// older clients and by the one that wins in newer ones.
fn tells_the_region(page: &str) -> bool {
    let is_told = |line: &str| {
        let command = line.trim_start();
        command.starts_with("export AWS_REGION=") && command.contains(" AWS_DEFAULT_REGION=")
    };
    let mut lines = page.lines();
    let first = lines.find(|line| is_told(line) || takes_the_region_of_the_shell(line));
    first.is_none_or(is_told)
}

/// Otherwise it would be the default region of the person, where nothing of this lies.
#[test]
fn pages_tell_the_shell_the_region_before_the_first_command_that_takes_it_from_there() {
    for entry in fs::read_dir(tools::root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "md") {
            let page = fs::read_to_string(&path).unwrap();
            assert!(tells_the_region(&page), "{}", path.display());
        }
    }
    let told = "```\nexport AWS_REGION=a AWS_DEFAULT_REGION=a\n```\n";
    for command in ["   aws sts a\n", "a --body \"$(aws sts a)\"\n"] {
        assert!(tells_the_region(&format!("{told}{command}")), "{command}");
        assert!(!tells_the_region(&format!("{command}{told}")), "{command}");
    }
}

/// What the network plugin of a cluster is told.
fn network(config: &Value) -> Value {
    let addons = config["addons"].as_array().unwrap();
    let cni = addons.iter().find(|addon| addon["name"] == "vpc-cni").unwrap();
    serde_json::from_str(cni["configurationValues"].as_str().unwrap()).unwrap()
}

#[test]
fn network_rules_are_enforced() {
    for environment in tools::project().environment_names() {
        assert_eq!(network(&config(environment))["enableNetworkPolicy"], "true");
    }
}

/// A node has few addresses unless the plugin takes them by prefixes, and its kubelet takes no more
/// pods for that alone.
#[test]
fn nodes_take_more_pods_where_there_are_addresses_for_them() {
    for environment in tools::project().environment_names() {
        let config = config(environment);
        let mut groups = config["managedNodeGroups"].as_array().unwrap().iter();
        let more = groups.any(|group| group["maxPodsPerNode"].is_u64());
        let prefixes = network(&config)["env"]["ENABLE_PREFIX_DELEGATION"] == "true";
        assert_eq!(more, prefixes, "{environment}");
    }
}

// wing: previews
/// The pods that the nodes of the first environment have besides those of previews: of the system,
/// Argo CD, the other controllers, all add-ons, and each server beside its next version.
const BESIDE_PREVIEWS: u64 = 28;

#[test]
fn as_many_previews_as_there_may_be_fit_beside_the_number_of_pods_that_is_set_aside() {
    let read = |name: &str| -> Value {
        let path = tools::root().join("infra/previews").join(name);
        serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let (keeper, quota) = (read("keeper.yaml"), read("walls/quota.yaml"));
    let number = |text: &Value| text.as_str().unwrap().parse::<u64>().unwrap();
    let told = &keeper["spec"]["template"]["spec"]["containers"][0]["env"];
    let mut told = told.as_array().unwrap().iter();
    let most = number(&told.find(|variable| variable["name"] == "MOST").unwrap()["value"]);
    let pods = most * number(&quota["spec"]["hard"]["pods"]) + BESIDE_PREVIEWS;
    let config = config(tools::project().first().name());
    let groups = config["managedNodeGroups"].as_array().unwrap().iter();
    let room = groups.map(|group| {
        let of_a_node = group["maxPodsPerNode"].as_u64().unwrap_or_default();
        of_a_node * group["desiredCapacity"].as_u64().unwrap()
    });
    let room: u64 = room.sum();
    assert!(pods <= room, "{pods} pods, and room for {room}");
}
// end of wing

/// Otherwise eksctl adds its own, such as a metrics-server beside which no other can be installed.
#[test]
fn a_cluster_begins_with_the_add_ons_that_are_listed_and_no_others() {
    for environment in tools::project().environment_names() {
        let config = config(environment);
        let chosen = serde_json::json!({"disableDefaultAddons": true});
        assert_eq!(config["addonsConfig"], chosen, "{environment}");
        let addons = config["addons"].as_array().unwrap();
        for needed in ["vpc-cni", "coredns", "kube-proxy"] {
            assert!(
                addons.iter().any(|addon| addon["name"] == needed),
                "{environment} lacks {needed}: no pod would start, or find another"
            );
        }
    }
}

/// By the same file a cluster that exists is brought to another version, add-on by add-on.
#[test]
fn add_ons_follow_their_cluster_to_another_version() {
    for environment in tools::project().environment_names() {
        for addon in config(environment)["addons"].as_array().unwrap() {
            assert_eq!(addon["version"], "latest", "{environment}: {}", addon["name"]);
        }
    }
}
