#!/usr/bin/env bash
# MiniStack 1.5.33: a page of EKS' list of clusters that is full ends the list. With `maxResults` the answer has that
# many names and no `nextToken`, so a client that follows pages, as boto3's paginator does, never hears of the others,
# and takes a cluster that is there for one that is gone. EKS gives a token as long as there are more.
#
# Seen: three clusters made, "all at once: ['a', 'b', 'c']", "pages of two: ['a', 'b']", and no token.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
# MiniStack imports `cryptography` without saying so.
"$folder/bin/pip" install --quiet ministack==1.5.33 cryptography==50.0.2 boto3==1.43.106
cd "$folder"
bin/python - <<'EOF'
import os
import socket
import subprocess
import time

import boto3

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "HOME": os.getcwd(), "PATH": os.environ["PATH"]}
server = subprocess.Popen(["bin/ministack"], env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
try:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    client = boto3.client(
        "eks",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    for name in "abc":
        client.create_cluster(name=name, roleArn="arn:aws:iam::000000000000:role/a", resourcesVpcConfig={})
    whole = client.list_clusters()["clusters"]
    pages = client.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2})
    paged = [name for page in pages for name in page["clusters"]]
    token = client.list_clusters(maxResults=2).get("nextToken")
finally:
    server.terminate()
    server.wait()
print("all at once: ", whole)
print("pages of two:", paged, "token:", token)
assert whole == ["a", "b", "c"] and paged == ["a", "b"] and token is None
EOF
