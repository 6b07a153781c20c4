"""Templates as YAML: in the order they were made in, with the short forms of intrinsic functions."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

_QUOTED = re.compile(r"(!(?:Ref|GetAtt)) '([A-Za-z0-9.:]+)'")
_COLUMNS = 1000  # no line is folded: a fold inside a text would be hard to read


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        """A template repeats what it says twice: CloudFormation knows anchors, its readers do not."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - as above
        """Lists stand further in than what they belong to, as in CloudFormation's own examples."""
        super().increase_indent(flow, indentless=False)


def _represent(dumper: yaml.SafeDumper, value: Mapping[str, Any]) -> yaml.Node:
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref" or name.startswith("Fn::"):
            tag = "!" + name.removeprefix("Fn::")
            if name == "Fn::GetAtt" and isinstance(argument, list):
                argument = ".".join(argument)
            if isinstance(argument, str):
                return dumper.represent_scalar(tag, argument)
            if isinstance(argument, list):
                return dumper.represent_sequence(tag, argument)
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items())


_Dumper.add_representer(dict, _represent)


def render_template(template: Mapping[str, Any], *, title: str) -> str:
    """
    The template's text.

    Args:
        title: The first line, a comment.
    """
    text = yaml.dump(template, Dumper=_Dumper, sort_keys=False, width=_COLUMNS, allow_unicode=True)
    return f"# {title}\n{_QUOTED.sub(_unquoted, text)}"


def _unquoted(match: re.Match[str]) -> str:
    """PyYAML puts quotes around every text with a tag; a name needs none."""
    return f"{match[1]} {match[2]}"
