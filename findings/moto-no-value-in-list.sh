#!/usr/bin/env bash
# moto 5.2.5: a role whose list of policies has an element that is `AWS::NoValue` cannot be made. CloudFormation leaves
# such an element out, which is how a template gives a role one right more under a condition. moto drops the pseudo
# parameter where it is the value of a property, and leaves an element that is nothing in a list. A template that is
# valid, and that cfn-lint takes, ends in an error that names no resource.
#
# Seen: create_stack fails with an error of the server; the same role with the policy as a resource of its own, under
# the same condition, is made.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'moto[server,cloudformation,iam]==5.2.5' boto3==1.44.8
"$folder/bin/python" - <<'EOF'
import json

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer


def document(statement):
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy(name):
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    return {"PolicyName": name, "PolicyDocument": document(read)}


def template(policies, **more):
    trusted = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {"AssumeRolePolicyDocument": document(trusted), "Policies": policies}
    resources = {"Role": {"Type": "AWS::IAM::Role", "Properties": role}, **more}
    conditions = {"More": {"Fn::Equals": ["yes", "no"]}}
    return json.dumps({"Conditions": conditions, "Resources": resources})


server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
host, port = server.get_host_and_port()
stacks = boto3.client(
    "cloudformation",
    endpoint_url=f"http://{host}:{port}",
    region_name="eu-central-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    config=Config(retries={"total_max_attempts": 1}),
)


def made(name, body):
    try:
        stacks.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
        return stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


more = {"Fn::If": ["More", policy("more"), {"Ref": "AWS::NoValue"}]}
in_list = made("in-list", template([policy("own"), more]))
apart = {"Type": "AWS::IAM::Policy", "Condition": "More", "Properties": {**policy("more"), "Roles": [{"Ref": "Role"}]}}
by_itself = made("by-itself", template([policy("own")], Apart=apart))
server.stop()
print("an element of the list:  ", in_list[:120])
print("a resource of its own:   ", by_itself)
assert in_list != "CREATE_COMPLETE" and by_itself == "CREATE_COMPLETE"
EOF
