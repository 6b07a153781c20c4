"""
CloudFormation's intrinsic functions, as far as templates use them to describe tables.

Source: CloudFormation's user guide, "Intrinsic function reference" and "Pseudo parameters reference".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tenantable.errors import InfrastructureError
from tenantable.wire.arns import Home

Template = Mapping[str, Any]

NO_VALUE = object()
"""What `AWS::NoValue` becomes; a property with it is left out."""

_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
_DEPTH_MAX = 64


class Resolver:
    """
    A template with values for its parameters.

    Resources that only AWS makes have no attributes yet: a table's name and ARN are known, of everything else an
    attribute is `LOGICAL_ID.ATTRIBUTE`.
    """

    def __init__(self, template: Template, parameters: Mapping[str, str], home: Home) -> None:
        """
        Args:
            parameters: Values by name; a parameter without one has its default.
        Raises:
            InfrastructureError: A parameter has neither, or a value is for none.
        """
        self._template = template
        self._home = home
        self._depth = 0
        declared: Template = template.get("Parameters") or {}
        unknown = sorted(parameters.keys() - declared.keys())
        if unknown:
            raise InfrastructureError(f"The template has no parameter {', '.join(unknown)}")
        self._parameters = {name: parameters.get(name, each.get("Default")) for name, each in declared.items()}
        missing = sorted(name for name, value in self._parameters.items() if value is None)
        if missing:
            raise InfrastructureError(f"The template needs a value for {', '.join(missing)}")
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._reference,
            "Condition": self.holds,
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._substituted,
            "Fn::Join": self._joined,
            "Fn::If": self._chosen,
            "Fn::Equals": lambda values: self._same(*values),
            "Fn::Not": lambda values: not self.resolve(values[0]),
            "Fn::And": lambda values: all(self.resolve(value) for value in values),
            "Fn::Or": lambda values: any(self.resolve(value) for value in values),
            "Fn::FindInMap": self._mapped,
            "Fn::Select": lambda values: self.resolve(values[1])[int(self.resolve(values[0]))],
            "Fn::Split": lambda values: self.resolve(values[1]).split(values[0]),
        }

    def resolve(self, value: Any) -> Any:
        """
        The value with every function carried out.

        Raises:
            InfrastructureError: It uses a function that is not known here, or refers to nothing.
        """
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise InfrastructureError("The template refers to itself, or is nested too deeply")
        try:
            if isinstance(value, list):
                found = (self.resolve(element) for element in value)
                return [element for element in found if element is not NO_VALUE]
            if not isinstance(value, Mapping):
                return value
            if len(value) == 1:
                name, argument = next(iter(value.items()))
                if name in self._functions:
                    return self._functions[name](argument)
                if str(name).startswith("Fn::"):
                    raise InfrastructureError(f"{name} is not understood here")
            members = {name: self.resolve(member) for name, member in value.items()}
            return {name: member for name, member in members.items() if member is not NO_VALUE}
        finally:
            self._depth -= 1

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template holds."""
        conditions: Template = self._template.get("Conditions") or {}
        if condition not in conditions:
            raise InfrastructureError(f"The template has no condition {condition}")
        return bool(self.resolve(conditions[condition]))

    def _reference(self, name: str) -> Any:
        pseudo = {
            "AWS::AccountId": self._home.account_id,
            "AWS::Region": self._home.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "stack",
            "AWS::StackId": f"arn:aws:cloudformation:{self._home.region}:{self._home.account_id}:stack/stack/0",
            "AWS::NoValue": NO_VALUE,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        resource = self._resource(name)
        properties = resource.get("Properties") or {}
        named = properties.get("TableName") or properties.get("AliasName") or properties.get("Name")
        return self.resolve(named) if named else name

    def _attribute(self, argument: Any) -> Any:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        resource = self._resource(name)
        if resource["Type"] in {"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"} and attribute == "Arn":
            return self._home.table(self._reference(name))
        if resource["Type"] == "AWS::KMS::Key" and attribute == "Arn":
            return self._home.kms_key(f"key/{name}")
        return f"{name}.{attribute}"

    def _resource(self, name: str) -> Template:
        resource: Template | None = (self._template.get("Resources") or {}).get(name)
        if resource is None:
            raise InfrastructureError(f"The template refers to {name}, and has neither parameter nor resource of it")
        return resource

    def _substituted(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def value_of(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return str(self.resolve(own[name]))
            return str(self._attribute(name) if "." in name else self._reference(name))

        return _VARIABLE.sub(value_of, text)

    def _joined(self, argument: Any) -> str:
        delimiter, values = argument
        return str(delimiter).join(str(value) for value in self.resolve(values))

    def _chosen(self, argument: Any) -> Any:
        condition, then, otherwise = argument
        return self.resolve(then if self.holds(condition) else otherwise)

    def _same(self, first: Any, second: Any) -> bool:
        return str(self.resolve(first)) == str(self.resolve(second))

    def _mapped(self, argument: Any) -> Any:
        name, first, second = (self.resolve(each) for each in argument)
        try:
            return self.resolve(self._template["Mappings"][name][first][second])
        except KeyError as error:
            raise InfrastructureError(f"The template maps no {name}, {first}, {second}") from error
