#!/usr/bin/env bash
# moto 5.2.5, server: the signed address of GetCallerIdentity, which is the token of EKS (`aws eks get-token`, Argo CD's
# `awsAuthConfig`), is answered as S3 would: 200 and a list of buckets. The same call as a POST is answered by STS. An
# authenticator that verifies such tokens, tested with moto, gets a success in which there is no identity.
#
# Seen: the ARN of a user from the client, then 200 with "ListAllMyBucketsResult" from the signed address.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'moto[server]==5.2.5' boto3==1.44.8
"$folder/bin/python" - <<'EOF'
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
client = boto3.client(
    "sts",
    endpoint_url=f"http://{host}:{port}",
    region_name="eu-central-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
)
identity = client.get_caller_identity()["Arn"]
address = client.generate_presigned_url("get_caller_identity")
action = parse_qs(urlsplit(address).query)["Action"]
with urlopen(address) as answer:
    status, text = answer.status, answer.read().decode()
server.stop()
print("by the client:    ", identity)
print("asked for:        ", action)
print("by the address:   ", status, text[:120])
assert identity.startswith("arn:aws:sts:") and action == ["GetCallerIdentity"]
assert status == 200 and "ListAllMyBucketsResult" in text and "GetCallerIdentityResult" not in text
EOF
