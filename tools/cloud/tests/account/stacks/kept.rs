//! What `destroy` keeps, the next deployment has again.

use cloud::emulator::Emulator;
use serde_json::{Value, json};

use super::{PRODUCTION, ask, changes};

const PARTS: &[&str] = &["message-board"];

fn of_table(emulator: &Emulator, verb: &str, more: &[&str]) -> Value {
    let arguments = [&["dynamodb", verb, "--table-name", "messages-production"], more].concat();
    ask(emulator, &arguments)
}

/// `MiniStack` takes a kept resource in again by the rule of AWS: only if its name needs no working
/// out.
#[test]
fn a_protected_table_comes_back_with_its_messages() {
    let emulator = Emulator::ministack().unwrap();
    PRODUCTION.deploy(&emulator, PARTS);
    let item = json!({"uuid": {"S": "1"}, "text": {"S": "kept"}});
    of_table(&emulator, "put-item", &["--item", &item.to_string()]);

    let said = PRODUCTION.destroy(&emulator, PARTS);
    assert!(said.contains("kept: table messages-production"), "{said}");
    let said = PRODUCTION.deploy(&emulator, PARTS);
    let imported = "import  Messages (AWS::DynamoDB::Table)";
    assert!(changes(&said).contains(&imported), "{said}");
    let key = json!({"uuid": {"S": "1"}});
    let got = of_table(&emulator, "get-item", &["--key", &key.to_string()]);
    assert_eq!(got["Item"], item);
    PRODUCTION.changes_nothing(&emulator, PARTS);
}
