#!/usr/bin/env bash
# kustomize 5.7.1 with serde-saphyr 2.0.0 and yaml 2.9.1 (npm): a label with a short commit such as "4e10372" is a
# string in the source. kustomize writes it without quotes, because the Go library that it asks finds no number: the
# exponent is too large. Readers by YAML 1.2 find one, infinity: serde-saphyr refuses the manifest, and yaml gives the
# number. One short commit in a hundred has this form, digits with one e. "4e10", which Go can count, keeps its quotes.
#
# Seen: `commit: 4e10372` beside `small: "4e10"`, then "Infinity" of yaml and "non-finite float" of serde-saphyr.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
GOBIN=$folder GOFLAGS=-modcacherw go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
cd "$folder"
npm install --silent --no-fund --no-audit --ignore-scripts yaml@2.9.1

mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "reader"
version = "0.1.0"
edition = "2024"
[dependencies]
serde-saphyr = { version = "=2.0.0", default-features = false, features = ["deserialize"] }
serde_json = "1"
EOF
cat >src/main.rs <<'EOF'
fn main() {
    let text = std::fs::read_to_string("built.yaml").expect("read it");
    println!("serde-saphyr: {:?}", serde_saphyr::from_str::<serde_json::Value>(&text));
}
EOF
cat >object.yaml <<'EOF'
apiVersion: v1
kind: ConfigMap
metadata: {name: app, labels: {commit: "4e10372", small: "4e10"}}
EOF
echo 'resources: [object.yaml]' >kustomization.yaml

./kustomize build . | tee built.yaml
{
    node -e '
        const text = require("fs").readFileSync("built.yaml", "utf8");
        console.log("yaml:", require("yaml").parse(text).metadata.labels);
    '
    CARGO_TARGET_DIR=$folder/target cargo run --quiet
} | tee read
grep -q 'commit: 4e10372' built.yaml
grep -q 'small: "4e10"' built.yaml
grep -q "yaml: .*commit: Infinity, small: '4e10'" read
grep -q 'serde-saphyr: Err.*non-finite' read
