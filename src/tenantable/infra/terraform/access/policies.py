"""
The components' policies with references in the place of ARNs.

Policies are synthesized for the logical names, and what they name is then replaced by what Terraform knows of it. So a
policy of the module says what the synthesized one says for the same names; its statements are called by logical names,
which no variable changes. References, and no ARNs put together from names: a plan on empty state then asks nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tenantable.declare.grants.components import Component
from tenantable.declare.grants.granted import ResourceGrant
from tenantable.declare.naming import Naming
from tenantable.declare.tables import PhysicalTable, physical_table
from tenantable.errors import PolicyError
from tenantable.iam.documents import Policy, policy_document, policy_size
from tenantable.iam.synthesis.packing import pack
from tenantable.iam.synthesis.statements import component_policies
from tenantable.infra.terraform.access.bucket_keys import KEY, bucket_key_statement
from tenantable.infra.terraform.hcl import Call, Expression, WhereGiven, embedded, template
from tenantable.infra.terraform.names import DeclaredNames, identifiers
from tenantable.infra.terraform.outputs import index_arn
from tenantable.infra.terraform.resources import resource_labels
from tenantable.wire.arns import Home

VALUE_CHARACTERS = 48
"""Room for each value of the naming that a module's user may choose, when policies are filled."""

_HOME = Home()
_LONGEST_HOME = Home(region="ap-southeast-99")
_PLACE = (Expression("local.region"), ":", Expression("local.account_id"))
_USE_OF_KEY = "UseKeyOfBuckets"
_ALIASES = "kms:ResourceAliases"
_SHORTEST_NAME = 3
_ROLE_CHARACTERS_MAX = 64


@dataclass(frozen=True, kw_only=True)
class PolicyTexts:
    """The policies of a system's components, as values of Terraform's language."""

    names: DeclaredNames

    def policies(self, component: Component) -> list[Policy]:
        """
        The component's policies for the logical names, filled so that long physical names fit too.

        Raises:
            PolicyError: A statement is larger than a policy.
        """
        found = component_policies(component, self._logical, _HOME)
        statements = [replace(statement, sid=None) for policy in found for statement in policy.statements]
        buckets = [name for service, name in resource_labels(self.names) if service == "s3"]
        use_of_key = bucket_key_statement(component, buckets, _HOME)
        if use_of_key is not None:
            statements.insert(0, use_of_key)
        policies = list(pack(statements, size=self._longest_size))
        if any(policy.statements[0].resources == policy.statements[-1].resources == (KEY,) for policy in policies):
            problem = f"component {component.name!r}: the use of its buckets' key fits beside no other statement"
            raise PolicyError(problem, hint="grant fewer attributes by name, or all of them")
        return policies

    def value(self, policy: Policy) -> dict[str, Any]:
        """The policy's document with references."""
        document = policy_document(policy)
        shown = [self._statement(each) for each in document["Statement"] if each["Resource"] != KEY]
        with_key = [self._use_of_key(each) for each in document["Statement"] if each["Resource"] == KEY]
        if with_key:
            return document | {"Statement": Call("concat", shown, WhereGiven("var.kms_key_arn", with_key[0]))}
        return document | {"Statement": shown}

    @cached_property
    def _logical(self) -> Naming:
        short = {table.name for table in self.names.system.tables if len(table.name) < _SHORTEST_NAME}
        exceptions = {name: "{table}" + "-" * (_SHORTEST_NAME - len(name)) for name in short}
        return Naming(index="{table}-{index}", exceptions=exceptions)

    @cached_property
    def _tables(self) -> list[PhysicalTable]:
        return [physical_table(table, self._logical) for table in self.names.system.tables]

    @cached_property
    def _references(self) -> dict[str, Expression]:
        """Every ARN of the logical names, the longest first."""
        found: dict[str, Expression] = {}
        for physical in self._tables:
            table = physical.table
            found[_HOME.table(physical.name)] = self.names.resource(table, "arn")
            for index in table.indexes:
                arn = _HOME.index(physical.name, physical.index_names[index.name])
                found[arn] = index_arn(self.names, table, index)
        for service, name in self._others():
            found[_arn(service, name, _HOME)] = self._reference(service, name)
        components = self.names.system.components
        for component, label in identifiers(each.name for each in components).items():
            found[_HOME.role(self._granted_role(component))] = Expression(f"aws_iam_role.{label}.arn")
        return dict(sorted(found.items(), key=lambda item: -len(item[0])))

    def _granted_role(self, component: str) -> str:
        """The name that a declaration grants a component's role by."""
        return f"{self.names.system.name}-{component}"

    def _others(self) -> Iterator[tuple[str, str]]:
        """The service and logical name of whatever is no table."""
        system = self.names.system
        pairs = [(resource.service, resource.name) for resource in system.resources]
        for component in system.components:
            grants = [grant for grant in component.grants if isinstance(grant, ResourceGrant)]
            pairs += [(grant.service, grant.resource) for grant in grants]
        yield from dict.fromkeys(pairs)

    def _reference(self, service: str, name: str) -> Expression:
        label = resource_labels(self.names).get((service, name))
        if label is not None and service in _KINDS:
            return Expression(f"{_KINDS[service]}.{label}.arn")
        partition, named = Expression("local.partition"), embedded(self.names.resource_name(name))
        place = ("::",) if service == "s3" else (":", *_PLACE)
        kind = _HEADS.get(service, "")
        return template("arn:", partition, f":{service}", *place, f":{kind}", *named)

    @cached_property
    def _longest(self) -> dict[str, str]:
        """As `_references`: the longest ARNs that each may become."""
        found = {}
        for logical, physical in zip(self._tables, self.names.longest(VALUE_CHARACTERS), strict=True):
            found[_HOME.table(logical.name)] = _LONGEST_HOME.table(physical.name)
            for index, name in logical.index_names.items():
                arn = _LONGEST_HOME.index(physical.name, physical.index_names[index])
                found[_HOME.index(logical.name, name)] = arn
        for service, name in self._others():
            longest = self.names.longest_resource(name, VALUE_CHARACTERS)
            found[_arn(service, name, _HOME)] = _arn(service, longest, _LONGEST_HOME)
        for component in self.names.system.components:
            longest_role = _LONGEST_HOME.role("r" * _ROLE_CHARACTERS_MAX)
            found[_HOME.role(self._granted_role(component.name))] = longest_role
        longest_partition = {arn: text.replace("arn:aws:", "arn:aws-us-gov:", 1) for arn, text in found.items()}
        return dict(sorted(longest_partition.items(), key=lambda item: -len(item[0])))

    def _longest_size(self, policy: Policy) -> int:
        statements = tuple(
            replace(
                statement,
                resources=self._as_long_as_may_be(statement.resources),
                conditions=tuple(
                    replace(each, values=self._as_long_as_may_be(each.values)) for each in statement.conditions
                ),
            )
            for statement in policy.statements
        )
        return policy_size(replace(policy, statements=statements))

    def _as_long_as_may_be(self, texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(_replaced(each, self._longest, str.__add__) for each in texts)

    def _statement(self, document: Mapping[str, Any]) -> dict[str, Any]:
        resources = document["Resource"]
        several = isinstance(resources, list)
        shown = [self._resource(each) for each in (resources if several else [resources])]
        statement = {**document, "Resource": shown if several else shown[0]}
        for conditions in document.get("Condition", {}).values():
            alias = conditions.get(_ALIASES)
            if isinstance(alias, str):
                statement |= self._key_statement(document, alias, statement["Resource"])
        return statement

    def _use_of_key(self, document: Mapping[str, Any]) -> dict[str, Any]:
        conditions = {
            "kms:EncryptionContext:aws:s3:arn": [
                self._resource(each) for each in document["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
            ],
            "kms:ViaService": template("s3.", Expression("local.region"), ".amazonaws.com*"),
        }
        key = Expression("var.kms_key_arn")
        return {**document, "Sid": _USE_OF_KEY, "Resource": key, "Condition": {"StringLike": conditions}}

    def _key_statement(self, document: Mapping[str, Any], alias: str, resource: Any) -> dict[str, Any]:
        """The key itself where it is the system's own; its alias stays demanded."""
        name = alias.removeprefix("alias/")
        label = resource_labels(self.names).get(("kms", name)) or resource_labels(self.names).get(("kms", alias))
        named = template("alias/", *embedded(self.names.resource_name(name)))
        shown = named if label is None else Expression(f"aws_kms_alias.{label}.name")
        key = resource if label is None else Expression(f"aws_kms_key.{label}.arn")
        conditions = {
            operator: {name: shown if name == _ALIASES else value for name, value in members.items()}
            for operator, members in document["Condition"].items()
        }
        return {"Resource": key, "Condition": conditions}

    def _resource(self, arn: str) -> Any:
        def extended(reference: Expression, rest: str) -> Expression:
            return template(*embedded(reference), rest) if rest else reference

        found = _replaced(arn, self._references, extended)
        if isinstance(found, Expression):
            return found
        head = f":{_HOME.region}:{_HOME.account_id}:"
        before, separator, after = arn.partition(head)
        if not separator or not before.startswith("arn:aws:"):
            return arn
        return template("arn:", Expression("local.partition"), before.removeprefix("arn:aws"), ":", *_PLACE, ":", after)


_KINDS = {"sqs": "aws_sqs_queue", "s3": "aws_s3_bucket", "events": "aws_cloudwatch_event_bus"}
"""The resource whose `arn` is the one that statements name."""
_HEADS = {"ssm": "parameter", "events": "event-bus/", "kms": "alias/"}


def _arn(service: str, name: str, home: Home) -> str:
    place = "::" if service == "s3" else f":{home.region}:{home.account_id}"
    return f"arn:aws:{service}{place}:{_HEADS.get(service, '')}{name}"


def _replaced(arn: str, texts: Mapping[str, Any], extended: Callable[[Any, str], Any]) -> Any:
    """What stands for the ARN, with whatever follows a known one; the ARN itself when none is known."""
    for known, text in texts.items():
        if arn == known or (arn.startswith(known) and arn[len(known)] in "/*"):
            return extended(text, arn[len(known) :])
    return arn
