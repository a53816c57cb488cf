#!/usr/bin/env bash
# LocalStack 4.8.1: a resource whose condition is false is worked on all the same if its properties take something by
# Fn::GetAtt of another one that the same condition leaves out. That fails, nothing that would come after it is made,
# and the stack is CREATE_COMPLETE. AWS leaves both out and makes the rest.
# A template with an optional pair, a role and what uses it, loses unrelated resources, and whoever waits for
# CREATE_COMPLETE hears nothing. With the same text written by Fn::Sub, and DependsOn for the order, it is right.
#
# Seen: CREATE_COMPLETE; the resource that should not be there is CREATE_FAILED, the role without a condition missing.
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


def template(name):
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    named = {"RoleName": "optional", **role["Properties"]}
    profile = {"InstanceProfileName": name, "Roles": ["optional"]}
    resources = {
        "OptionalProfile": {
            "Type": "AWS::IAM::InstanceProfile",
            "Condition": "Wanted",
            "DependsOn": "OptionalRole",
            "Properties": profile,
        },
        "OptionalRole": {**role, "Condition": "Wanted", "Properties": named},
        "Plain": role,
    }
    return json.dumps({
        "Parameters": {"Want": {"Type": "String", "Default": "no"}},
        "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "Want"}, "yes"]}},
        "Resources": resources,
    })


def made(stack, name):
    stacks.create_stack(StackName=stack, TemplateBody=template(name), Capabilities=["CAPABILITY_NAMED_IAM"])
    while True:
        status = stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(0.2)
    resources = stacks.describe_stack_resources(StackName=stack)["StackResources"]
    return status, {one["LogicalResourceId"]: one["ResourceStatus"] for one in resources}


for _ in range(600):
    try:
        iam.list_roles()
        break
    except Exception:
        time.sleep(0.2)
by_sub = made("by-sub", {"Fn::Sub": "of-${AWS::StackName}"})
by_attribute = made("by-attribute", {"Fn::GetAtt": ["OptionalRole", "RoleId"]})
print("by Fn::Sub:   ", *by_sub)
print("by Fn::GetAtt:", *by_attribute)
assert by_sub == ("CREATE_COMPLETE", {"Plain": "CREATE_COMPLETE"})
assert by_attribute == ("CREATE_COMPLETE", {"OptionalProfile": "CREATE_FAILED"})
PYTHON
