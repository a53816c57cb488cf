//! `cargo xtask shift` on the load balancer of `traffic.yaml`, as moto has it: what it sees, that
//! it goes back, who is refused, and that the policy allows exactly what it does.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloud::emulator::Emulator;
use cloud::recorder::Recorder;
use cloud::template::Template;
use cloud::tools;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::actions::actions_of;
use crate::credentials::who_says;

const STACK: &str = "gitops-loop-traffic-production";

/// moto with the stack, and the list of balancers with apps that say that they are ready.
struct Traffic {
    emulator: Emulator,
    folder: TempDir,
    /// Their ARNs.
    listener: String,
    green: String,
}

impl Traffic {
    fn new() -> Self {
        let emulator = Emulator::moto().unwrap();
        let text = |arguments: &[&str], place: &str| {
            let answer = emulator.ask(arguments).unwrap();
            answer.pointer(place).unwrap().as_str().unwrap().to_owned()
        };
        let vpc = text(&["ec2", "describe-vpcs"], "/Vpcs/0/VpcId");
        let subnet = |number| {
            text(
                &["ec2", "describe-subnets"],
                &format!("/Subnets/{number}/SubnetId"),
            )
        };
        let certificate = text(
            &["acm", "request-certificate", "--domain-name", "board.example"],
            "/CertificateArn",
        );
        let given = [
            format!("VpcId={vpc}"),
            format!("SubnetIds={},{}", subnet(0), subnet(1)),
            format!("CertificateArn={certificate}"),
        ];
        let mut verb = vec!["deploy", "production"];
        verb.extend(given.iter().flat_map(|given| ["--set", given]));
        emulator.stacks(&tools::root(), &verb, &["traffic"]).unwrap();
        // moto leaves out outputs with a condition.
        let arn = |name: &str| {
            let resource = ["cloudformation", "describe-stack-resource", "--stack-name", STACK];
            let resource = [&resource[..], &["--logical-resource-id", name]].concat();
            text(&resource, "/StackResourceDetail/PhysicalResourceId")
        };
        let (listener, blue, green) = (arn("Listener"), arn("Blue"), arn("Green"));
        let folder = tempfile::tempdir().unwrap();
        let ready = ready();
        let target =
            |name, group| format!("[board.targets.{name}]\ngroup = \"{group}\"\nready = \"{ready}\"\n");
        let file = format!(
            "[board]\nat.elbv2 = {{ listener = \"{listener}\" }}\n{}{}",
            target("blue", &blue),
            target("green", &green)
        );
        fs::write(folder.path().join("balancers.toml"), file).unwrap();
        Self {
            emulator,
            folder,
            listener,
            green,
        }
    }

    /// What it says with these arguments, AWS being at `endpoint`, and whether it is content.
    fn shift(&self, endpoint: &str, arguments: &[&str]) -> (bool, String) {
        let mut shift: Command = tools::shift(endpoint, self.folder.path()).unwrap();
        let output = shift
            .args(arguments)
            .arg("--file")
            .arg(self.folder.path().join("balancers.toml"))
            .env("AWS_MAX_ATTEMPTS", "1")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    }

    /// Those of blue and green, as the listener has them.
    fn weights(&self) -> Vec<u64> {
        let listeners = ["elbv2", "describe-listeners", "--listener-arns", &self.listener];
        let mut answer = self.emulator.ask(&listeners).unwrap();
        let groups = answer["Listeners"][0]["DefaultActions"][0]["ForwardConfig"]["TargetGroups"].take();
        let groups = groups.as_array().unwrap().iter();
        groups.map(|group| group["Weight"].as_u64().unwrap()).collect()
    }

    fn tags(&self) -> Value {
        let tags = ["elbv2", "describe-tags", "--resource-arns", &self.listener];
        self.emulator.ask(&tags).unwrap()["TagDescriptions"][0]["Tags"].take()
    }

    /// Somebody is in green.
    fn fill(&self) {
        let register = [
            "elbv2",
            "register-targets",
            "--target-group-arn",
            &self.green,
            "--targets",
            "Id=10.0.0.1",
        ];
        self.emulator.ask(&register).unwrap();
    }
}

/// An app that is ready, until this process ends.
fn ready() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/readyz", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut asked in listener.incoming().flatten() {
            let _ = asked.read(&mut [0; 4096]);
            let _ = asked.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs()
}

#[test]
fn it_moves_and_goes_back_with_exactly_the_rights_of_its_policy() {
    let traffic = Traffic::new();
    let recorder = Recorder::of_traffic(&traffic.emulator.endpoint).unwrap();
    let (well, said) = traffic.shift(&recorder.endpoint, &["--to", "green"]);
    assert!(
        !well && said.contains("nobody is in green: its group is empty"),
        "{said}"
    );
    traffic.fill();
    let arguments = [
        "--to", "green", "--steps", "10,100", "--hold", "0s", "--wait", "0s",
    ];
    let (well, said) = traffic.shift(&recorder.endpoint, &arguments);
    // Nobody asks here, so nothing is counted.
    assert!(!well && said.contains("blue 90, green 10"), "{said}");
    assert!(said.contains("green had 0 answered requests"), "{said}");
    assert!(said.contains("where it was before: blue 100, green 0"), "{said}");
    assert_eq!(traffic.weights(), [100, 0]);
    assert_eq!(traffic.tags(), json!([]));
    count(&traffic);
    let (well, said) = traffic.shift(&recorder.endpoint, &["status"]);
    assert!(
        well && said.contains("green: 0 %, 12 sent, 3 open, 2 failed; ready"),
        "{said}"
    );
    let calls = recorder.take();
    let done: BTreeSet<_> = calls.iter().map(|(action, _)| action.clone()).collect();
    assert_eq!(done, allowed());
    for (action, on) in calls {
        let changes = ["Modify", "Add", "Remove"]
            .iter()
            .any(|verb| action.contains(verb));
        assert!(!changes || on == traffic.listener, "{action} of {on}");
    }
}

/// Has `CloudWatch` know of requests to green, some minutes ago.
fn count(traffic: &Traffic) {
    let balancer = traffic.listener.split_once(":listener/").unwrap().1;
    let balancer = balancer.rsplit_once('/').unwrap().0;
    let dimensions = json!([
        {"Name": "TargetGroup", "Value": traffic.green.rsplit_once(':').unwrap().1},
        {"Name": "LoadBalancer", "Value": balancer},
    ]);
    let metrics = [
        ("RequestCount", 12),
        ("HTTPCode_Target_2XX_Count", 7),
        ("HTTPCode_Target_5XX_Count", 2),
    ];
    let data = metrics.map(|(name, value)| {
        json!({"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": now() - 300})
    });
    let data = json!(data).to_string();
    let put = [
        "cloudwatch",
        "put-metric-data",
        "--namespace",
        "AWS/ApplicationELB",
        "--metric-data",
        &data,
    ];
    traffic.emulator.ask(&put).unwrap();
}

/// The actions of its policy.
fn allowed() -> BTreeSet<String> {
    let template = Template::read("traffic").unwrap();
    let policy = template.resources("AWS::IAM::ManagedPolicy")["Shift"].clone();
    let statements = policy["Properties"]["PolicyDocument"]["Statement"].clone();
    let statements = statements.as_array().unwrap().iter();
    statements.flat_map(actions_of).collect()
}

#[test]
fn who_is_refused_changes_nothing_and_is_told_why() {
    let traffic = Traffic::new();
    traffic.fill();
    for (code, words) in [
        ("ExpiredToken", "aws sso login"),
        ("AccessDenied", "infra/aws/traffic.yaml"),
        ("Throttling", "too many requests"),
    ] {
        let (well, said) = traffic.shift(&who_says(code, "no"), &["--to", "green"]);
        assert!(!well && said.contains(words), "{said}");
    }
    let endpoint = &traffic.emulator.endpoint;
    let soon = Duration::from_secs(now() + 600).as_secs();
    let claim = format!("holds/green/blue:100+green:0/{soon}/ada@desk");
    let tag = json!([{"Key": "shift/1", "Value": claim}]).to_string();
    let add = [
        "elbv2",
        "add-tags",
        "--resource-arns",
        &traffic.listener,
        "--tags",
        &tag,
    ];
    traffic.emulator.ask(&add).unwrap();
    let (well, said) = traffic.shift(endpoint, &["--to", "green"]);
    assert!(
        !well && said.contains("ada@desk moves the traffic to green"),
        "{said}"
    );
    assert_eq!(traffic.weights(), [100, 0]);
    assert_eq!(traffic.tags().as_array().unwrap().len(), 1);
}
