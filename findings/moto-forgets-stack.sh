#!/usr/bin/env bash
# moto 5.2.5: deleting a CloudFormation stack that holds a DynamoDB table with deletion protection is answered with an
# error of DynamoDB, in JSON, where CloudFormation answers in XML. The table stays, but the stack is no longer known,
# not as DELETE_FAILED either. A test of "destroy refuses while a table is protected" sees the stack gone and calls it
# destroyed.
#
# Seen: botocore cannot read the answer (ResponseParserError), then describe_stacks says "does not exist", and
# describe_table still answers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'moto[server,cloudformation,dynamodb]==5.2.5' boto3==1.44.8
"$folder/bin/python" - <<'EOF'
import json

import boto3
from moto.server import ThreadedMotoServer

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "TableName": "kept",
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
}
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
host, port = server.get_host_and_port()
access = dict(
    endpoint_url=f"http://{host}:{port}",
    region_name="eu-central-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
)
stacks = boto3.client("cloudformation", **access)
tables = boto3.client("dynamodb", **access)
stacks.create_stack(StackName="board", TemplateBody=json.dumps({"Resources": {"Table": TABLE}}))


def answer(call, **names):
    try:
        call(**names)
        return "success"
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


deleted = answer(stacks.delete_stack, StackName="board")
stack = answer(stacks.describe_stacks, StackName="board")
table = answer(tables.describe_table, TableName="kept")
server.stop()
print("delete_stack:   ", deleted)
print("describe_stacks:", stack)
print("describe_table: ", table)
assert deleted != "success" and "does not exist" in stack and table == "success"
EOF
