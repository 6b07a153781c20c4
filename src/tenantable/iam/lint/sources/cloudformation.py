"""
Policies in a template of CloudFormation, with its functions resolved as far as the template alone allows.

The region and the account are invented. A reference to a table of the template is its ARN; a parameter has its default;
whatever is open stays as text, which then stands for a table of that name.
Source: CloudFormation User Guide, "Intrinsic function reference" and "Pseudo parameters reference".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tenantable.iam.lint.reading import CHARACTERS_MAX, PolicySource, decode, looks_like_policy

_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}
_NOTHING = object()
_REFERENCE = re.compile(r"\$\{(!?)([^{}]*)\}")
_PRINCIPALS = {
    "AWS::IAM::Group": 5120,
    "AWS::IAM::Role": 10240,
    "AWS::IAM::User": 2048,
}
_ATTACHED = {
    "AWS::IAM::GroupPolicy": ("GroupName", 5120),
    "AWS::IAM::ManagedPolicy": ("Roles", 6144),
    "AWS::IAM::Policy": ("Roles", 10240),
    "AWS::IAM::RolePolicy": ("RoleName", 10240),
    "AWS::IAM::UserPolicy": ("UserName", 2048),
}
_OF_RESOURCES = frozenset({"AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"})
_TABLES = frozenset({"AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"})
_ARNS = {
    "AWS::KMS::Key": "kms:us-east-1:123456789012:key/{}",
    "AWS::S3::Bucket": "s3:::{}",
    "AWS::SQS::Queue": "sqs:us-east-1:123456789012:{}",
}


def is_template(document: Any) -> bool:
    return isinstance(document, Mapping) and isinstance(document.get("Resources"), Mapping)


def policies_of_template(template: Mapping[str, Any], place: str) -> Iterator[PolicySource]:
    """
    Every policy of the template's principals, policies, functions and tables.

    Where a function `If` makes two policies of one, both are found.
    """
    chosen = {source.place: source for source in _policies(template, place, branch=1)}
    yield from chosen.values()
    for source in _policies(template, place, branch=2):
        first = chosen.get(source.place)
        if first is None or first.document != source.document:
            owner = None if source.owner is None else f"{source.owner}, otherwise"
            yield replace(source, place=f"{source.place}, where conditions are false", owner=owner)


def _policies(template: Mapping[str, Any], place: str, *, branch: int) -> Iterator[PolicySource]:
    resolver = _Resolver(template, branch)
    tables = resolver.key_names()
    for name, resource in template["Resources"].items():
        if not isinstance(resource, Mapping):
            continue
        properties = resolver.resolve(resource.get("Properties") or {})
        if isinstance(properties, Mapping):
            yield from _of_resource(str(resource.get("Type")), properties, name, (place, tables))


def _of_resource(
    kind: str, properties: Mapping[str, Any], name: str, found_in: tuple[str, Mapping[str, frozenset[str]]]
) -> Iterator[PolicySource]:
    place, tables = found_in
    where = f"{place}: {name}"
    if kind in _ATTACHED:
        owner_property, most = _ATTACHED[kind]
        owners = properties.get(owner_property)
        owner = owners[0] if isinstance(owners, list) and owners else owners
        yield from _source(
            properties.get("PolicyDocument"),
            PolicySource(place=where, document=None, characters_max=most, owner=str(owner or where), key_names=tables),
        )
    elif kind in _PRINCIPALS or kind == "AWS::Serverless::Function":
        trust = properties.get("AssumeRolePolicyDocument")
        source = PolicySource(
            place=f"{where}, trust", document=None, kind="trust", characters_max=CHARACTERS_MAX["trust"]
        )
        yield from _source(trust, source)
        most, owner = _PRINCIPALS.get(kind, 10240), str(properties.get("RoleName") or name)
        written = properties.get("Policies") or ()
        for number, policy in enumerate(written if isinstance(written, list) else [written], start=1):
            fields = policy if isinstance(policy, Mapping) else {}
            document = fields if looks_like_policy(fields) else fields.get("PolicyDocument")
            at = f"{where}, {fields.get('PolicyName') or f'policy {number}'}"
            yield from _source(
                document, PolicySource(place=at, document=None, characters_max=most, owner=owner, key_names=tables)
            )
    elif kind in _OF_RESOURCES:
        source = PolicySource(place=where, document=None, kind="resource", characters_max=20480)
        yield from _source(properties.get("PolicyDocument"), source)
    elif kind in _TABLES:
        replicas = properties.get("Replicas") or ()
        for fields in (properties, *(each for each in replicas if isinstance(each, Mapping))):
            for part in (fields, fields.get("StreamSpecification"), fields.get("ReplicaStreamSpecification")):
                policy = (part or {}).get("ResourcePolicy") or {} if isinstance(part or {}, Mapping) else {}
                source = PolicySource(
                    place=where,
                    document=None,
                    kind="resource",
                    characters_max=CHARACTERS_MAX["resource"],
                    key_names=tables,
                )
                yield from _source(policy.get("PolicyDocument"), source)


def _source(document: Any, source: PolicySource) -> Iterator[PolicySource]:
    if isinstance(document, str):
        document = decode(document, source.place)
    if looks_like_policy(document):
        yield replace(source, document=document)


class _Resolver:
    """The functions of a template, as far as it says itself what they come to."""

    def __init__(self, template: Mapping[str, Any], branch: int) -> None:
        self._branch = branch  # of every `If`: 1, the condition holds; 2, it does not
        self._resources: Mapping[str, Any] = template["Resources"]
        parameters = template.get("Parameters")
        self._parameters: Mapping[str, Any] = parameters if isinstance(parameters, Mapping) else {}

    def resolve(self, value: Any) -> Any:
        """The value without functions; what is `AWS::NoValue` is left out of the list or object it stands in."""
        if isinstance(value, list):
            return [found for each in value if (found := self.resolve(each)) is not _NOTHING]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or str(name).startswith("Fn::"):
                return self._call(str(name).removeprefix("Fn::"), argument)
        return {key: found for key, each in value.items() if (found := self.resolve(each)) is not _NOTHING}

    def _call(self, function: str, argument: Any) -> Any:
        if function == "Ref":
            return self._reference(str(argument))
        if function == "GetAtt":
            names = argument if isinstance(argument, list) else str(argument).split(".", 1)
            return self._attribute(str(names[0]), ".".join(map(str, names[1:])))
        if function == "Sub":
            return self._substituted(argument)
        if function == "If" and isinstance(argument, list) and len(argument) == 3:
            return self.resolve(argument[self._branch])
        if function == "Join" and isinstance(argument, list) and len(argument) == 2:
            parts = self.resolve(argument[1])
            return str(argument[0]).join(map(_text, parts if isinstance(parts, list) else [parts]))
        if function == "Select" and isinstance(argument, list) and len(argument) == 2:
            parts = self.resolve(argument[1])
            index = int(argument[0]) if str(argument[0]).isdigit() else 0
            return parts[index] if isinstance(parts, list) and index < len(parts) else _text(parts)
        if function == "Split" and isinstance(argument, list) and len(argument) == 2:
            return _text(self.resolve(argument[1])).split(str(argument[0]))
        return f"{function}.{_text(self.resolve(argument))}"

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in _PSEUDO:
            return _PSEUDO[name]
        parameter = self._parameters.get(name)
        if isinstance(parameter, Mapping):
            default = parameter.get("Default")
            is_list = str(parameter.get("Type", "")).startswith(("CommaDelimitedList", "List<"))
            if is_list and isinstance(default, str):
                return default.split(",")
            return default if default not in (None, "") else name
        return self._physical_name(name)

    def _physical_name(self, name: str) -> str:
        resource = self._resources.get(name)
        properties = resource.get("Properties") or {} if isinstance(resource, Mapping) else {}
        for key in ("TableName", "QueueName", "BucketName", "RoleName", "UserName", "GroupName"):
            if isinstance(properties, Mapping) and key in properties:
                return _text(self.resolve(properties[key]))
        return name

    def _attribute(self, name: str, attribute: str) -> str:
        resource = self._resources.get(name)
        kind = str(resource.get("Type")) if isinstance(resource, Mapping) else ""
        if kind in _TABLES and attribute in ("Arn", "StreamArn"):
            arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{self._physical_name(name)}"
            return arn if attribute == "Arn" else f"{arn}/stream/2026-01-01T00:00:00.000"
        if kind in _ARNS and attribute == "Arn":
            return f"arn:aws:{_ARNS[kind].format(self._physical_name(name))}"
        return f"{name}.{attribute}"

    def _substituted(self, argument: Any) -> str:
        written = argument if isinstance(argument, list) and argument else [argument]
        text, values = written[0], written[1] if len(written) > 1 else None

        def replaced(found: re.Match[str]) -> str:
            escaped, name = found.groups()
            name = name.strip()
            if escaped or (":" in name and not name.startswith("AWS::")):
                return f"${{{name}}}"  # one of IAM's own variables
            if isinstance(values, Mapping) and name in values:
                return _text(self.resolve(values[name]))
            resource, dot, attribute = name.partition(".")
            return self._attribute(resource, attribute) if dot else _text(self._reference(name))

        return _REFERENCE.sub(replaced, str(text))

    def key_names(self) -> Mapping[str, frozenset[str]]:
        """The key attributes of the template's tables."""
        found = {}
        for name, resource in self._resources.items():
            properties = resource.get("Properties") if isinstance(resource, Mapping) else None
            if isinstance(properties, Mapping) and resource.get("Type") in _TABLES:
                schemas = [properties.get("KeySchema") or ()]
                for indexes in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
                    written = self.resolve(properties.get(indexes) or [])
                    schemas += [each.get("KeySchema") or () for each in written if isinstance(each, Mapping)]
                names = {key.get("AttributeName") for schema in schemas for key in schema if isinstance(key, Mapping)}
                found[self._physical_name(name)] = frozenset(each for each in names if isinstance(each, str))
        return found


def _text(value: Any) -> str:
    if value is _NOTHING:
        return ""
    return ".".join(map(_text, value)) if isinstance(value, list) else str(value)
