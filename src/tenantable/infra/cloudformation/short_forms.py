"""YAML as CloudFormation reads it: with the short forms of its functions, and dates as text."""

from typing import Any

import yaml

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where libyaml is there


class _Loader(_SafeLoader):  # type: ignore[misc] # one of two classes with the same interface
    """Reads the short forms of intrinsic functions too: `!Ref Name` is `{"Ref": "Name"}`."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    argument: Any
    if isinstance(node, yaml.ScalarNode):
        argument = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        argument = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        argument = loader.construct_mapping(node, deep=True)
    return {name: argument}


_Loader.add_multi_constructor("!", _short_form)
# A date such as the version of a policy is text in a template.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str | bytes) -> Any:
    """
    A document with every short form in its long one.

    Raises:
        yaml.YAMLError: It is no YAML.
        UnicodeDecodeError: The bytes are no text.
        RecursionError: It is nested too deeply.
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader with one constructor more
