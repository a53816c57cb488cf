#!/usr/bin/env bash
# LocalStack 4.8.1: when a stack update changes nothing of a role but its trust policy, the role is deleted and made
# again. AWS changes the policy in place (AssumeRolePolicyDocument: "Update requires: No interruption"). A policy that
# was put on the role past the stack is gone afterwards, and a test that grants rights for the time of one scenario
# loses them to an update of something else.
#
# Seen: UPDATE_COMPLETE, another RoleId, and list_role_policies without the policy that was put there.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet uv==0.13.8
"$folder/bin/uv" pip install --quiet --python "$folder/bin/python" --exclude-newer 2025-10-10 \
    'localstack-core[runtime]==4.8.1' boto3
port=$("$folder/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
SERVICES=iam,cloudformation EAGER_SERVICE_LOADING=0 DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 DNS_ADDRESS=0 \
    FILESYSTEM_ROOT="$folder/state" GATEWAY_LISTEN="127.0.0.1:$port" \
    "$folder/bin/python" -m localstack.runtime.main >"$folder/log" 2>&1 &
server=$!
PORT=$port "$folder/bin/python" - <<'PYTHON'
import json
import os
import time

import boto3

access = dict(
    endpoint_url=f"http://127.0.0.1:{os.environ['PORT']}",
    region_name="eu-central-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
)
stacks, iam = boto3.client("cloudformation", **access), boto3.client("iam", **access)


def template(service):
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "reader", "AssumeRolePolicyDocument": trust}}
    return json.dumps({"Resources": {"Role": role}})


def ended():
    while True:
        status = stacks.describe_stacks(StackName="roles")["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(0.2)


for _ in range(600):
    try:
        iam.list_roles()
        break
    except Exception:
        time.sleep(0.2)
named = dict(StackName="roles", Capabilities=["CAPABILITY_NAMED_IAM"])
stacks.create_stack(TemplateBody=template("ec2.amazonaws.com"), **named)
ended()
rights = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
iam.put_role_policy(RoleName="reader", PolicyName="granted", PolicyDocument=json.dumps(rights))
before = iam.get_role(RoleName="reader")["Role"]["RoleId"]
stacks.update_stack(TemplateBody=template("lambda.amazonaws.com"), **named)
status = ended()
after = iam.get_role(RoleName="reader")["Role"]["RoleId"]
policies = iam.list_role_policies(RoleName="reader")["PolicyNames"]
print("update:          ", status)
print("same RoleId:     ", before == after)
print("policies on it:  ", policies)
assert status == "UPDATE_COMPLETE" and before != after and policies == []
PYTHON
