#!/usr/bin/env bash
# aws-sdk-dynamodb 1.136.0 (Rust) makes one attempt where the answer is a bare 429, as from a proxy that limits rates,
# and fails; after a bare 503 it makes three. boto3 1.44.8 makes four attempts for either. The Rust SDK knows throttling
# by the code of an error of AWS alone, which a proxy does not send, and takes 500, 502, 503 and 504 for temporary.
#
# Seen: "429: boto3 4, Rust 1" and "503: boto3 4, Rust 3". The Rust program compiles for a minute or two.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet boto3==1.44.8
export CARGO_TARGET_DIR=$folder/target CARGO_PROFILE_DEV_DEBUG=false
cargo init --quiet --vcs none --name ask
cargo add --quiet --no-default-features --features rt-tokio aws-sdk-dynamodb@=1.136.0
cargo add --quiet --no-default-features --features default-client aws-smithy-http-client@=1.5.2
cargo add --quiet aws-smithy-runtime@=1.16.2
cargo add --quiet --features macros,rt tokio@1
cat >src/main.rs <<'EOF'
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(std::env::args().nth(1).expect("an address"));
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    client.list_tables().send().await.expect_err("it is refused");
}
EOF
cargo build --quiet
python/bin/python - <<'EOF' | tee out
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
import boto3

class Proxy(BaseHTTPRequestHandler):
    status, asked = 0, 0

    def do_POST(self):
        Proxy.asked += 1
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response_only(Proxy.status)
        self.end_headers()

proxy = HTTPServer(("127.0.0.1", 0), Proxy)
Thread(target=proxy.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{proxy.server_port}"
access = dict(region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test")
for Proxy.status in (429, 503):
    Proxy.asked = 0
    client = boto3.client("dynamodb", endpoint_url=address, **access)
    try:
        client.list_tables()
    except client.exceptions.ClientError:
        python, Proxy.asked = Proxy.asked, 0
    subprocess.run(["target/debug/ask", address], check=True)
    print(f"{Proxy.status}: boto3 {python}, Rust {Proxy.asked}")
EOF
grep -qx '429: boto3 4, Rust 1' out
grep -qx '503: boto3 4, Rust 3' out
