"""moto's server, made honest about stacks, and taught the types that no emulator knows.

Each of them calls moto's own model of its service, so what a stack makes is what the service's API then shows.
"""

import json
import sys

from moto.cloudformation import parsing
from moto.codecommit.models import codecommit_backends
from moto.codepipeline.models import codepipeline_backends
from moto.core.common_models import CloudFormationModel
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.elbv2.models import ELBv2Backend
from moto.iam.models import Role, iam_backends
from moto.server import main
from moto.utilities.utils import get_partition


class Made:
    """What the types have in common. A change of one fails, because nothing here would carry it out."""

    attributes = frozenset()

    def __init__(self, physical_id, values):
        self.physical_id = physical_id
        self.values = values

    @property
    def physical_resource_id(self):
        return self.physical_id

    @staticmethod
    def cloudformation_name_type():
        return None

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr in cls.attributes

    def get_cfn_attribute(self, attribute_name):
        return self.values[attribute_name]


# moto takes the service from the module's name, and looks for types among the direct subclasses of CloudFormationModel.
class Repository(Made, CloudFormationModel):
    __module__ = "moto.codecommit.models"
    attributes = frozenset({"Arn", "CloneUrlHttp", "CloneUrlSsh", "Name"})

    @staticmethod
    def cloudformation_type():
        return "AWS::CodeCommit::Repository"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        properties = cloudformation_json["Properties"]
        made = codecommit_backends[account_id][region_name].create_repository(
            properties["RepositoryName"], properties.get("RepositoryDescription", "")
        )
        values = {
            "Arn": made["Arn"],
            "CloneUrlHttp": made["cloneUrlHttp"],
            "CloneUrlSsh": made["cloneUrlSsh"],
            "Name": made["repositoryName"],
        }
        return cls(made["repositoryId"], values)

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        codecommit_backends[account_id][region_name].delete_repository(cloudformation_json["Properties"]["RepositoryName"])


class Pipeline(Made, CloudFormationModel):
    __module__ = "moto.codepipeline.models"

    @staticmethod
    def cloudformation_type():
        return "AWS::CodePipeline::Pipeline"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        pipeline = as_the_api_says(cloudformation_json["Properties"])
        codepipeline_backends[account_id][region_name].create_pipeline(pipeline, [])
        return cls(pipeline["name"], {})

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        codepipeline_backends[account_id][region_name].delete_pipeline(resource_name)


class OIDCProvider(Made, CloudFormationModel):
    __module__ = "moto.iam.models"
    attributes = frozenset({"Arn"})

    @staticmethod
    def cloudformation_type():
        return "AWS::IAM::OIDCProvider"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        properties = cloudformation_json["Properties"]
        made = iam_backends[account_id][get_partition(region_name)].create_open_id_connect_provider(
            properties["Url"], properties.get("ThumbprintList", []), properties.get("ClientIdList", []), []
        )
        return cls(made.arn, {"Arn": made.arn})

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        iam_backends[account_id][get_partition(region_name)].delete_open_id_connect_provider(resource_name)


def as_the_api_says(value):
    """Names as CodePipeline's API spells them. Those inside a configuration belong to the action and stay."""
    if isinstance(value, list):
        return [as_the_api_says(element) for element in value]
    if isinstance(value, dict):
        return {
            key[0].lower() + key[1:]: inner if key == "Configuration" else as_the_api_says(inner)
            for key, inner in value.items()
        }
    return value


made_table = Table.create_from_cloudformation_json


def table_with_its_protection(resource_name, cloudformation_json, account_id, region_name, **kwargs):
    """moto drops these two properties of a template, and has both in its API."""
    properties = cloudformation_json["Properties"]
    encryption = properties.get("SSESpecification")
    if encryption:
        encryption["Enabled"] = encryption.pop("SSEEnabled")
    table = made_table(resource_name, cloudformation_json, account_id, region_name, **kwargs)
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        dynamodb_backends[account_id][region_name].update_continuous_backups(table.name, recovery)
    return table


Table.create_from_cloudformation_json = table_with_its_protection


def actions_as_they_are(backend, properties):
    """moto reads one target group of a template's action, and has weighted ones in its API."""
    return properties["DefaultActions"]


ELBv2Backend.convert_and_validate_properties = actions_as_they_are

put_policy = Role.put_policy


def policy_as_json(role, policy_name, policy_json):
    """moto shows the policy of a role in a template as Python writes it."""
    text = policy_json if isinstance(policy_json, str) else json.dumps(policy_json)
    return put_policy(role, policy_name, text)


Role.put_policy = policy_as_json

known = parsing.resource_class_from_type


def known_or_refused(resource_type):
    """By itself moto leaves an unknown type out and calls the stack complete."""
    model = known(resource_type)
    if model is None:
        raise ValueError(f"this emulator does not know {resource_type}")
    return model


parsing.resource_class_from_type = known_or_refused

remove = parsing.ResourceMap.delete


def remove_what_is_not_kept(resources):
    """moto knows one of the two policies that keep a resource when its stack goes."""
    for resource in resources._resource_json_map.values():
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
            resource["DeletionPolicy"] = "Retain"
    remove(resources)


parsing.ResourceMap.delete = remove_what_is_not_kept

if __name__ == "__main__":
    main(sys.argv[1:])
