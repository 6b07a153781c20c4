"""
Names whose parts are parameters of a template.

A naming checks what it makes, and policies are made of names. So both are made with marks in place of the values, and
the marks become `${Parameter}` afterwards.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.declare.naming import Naming
from tenantable.wire.arns import Home

_ACCOUNT, _REGION = "AWSAccountId", "AWSRegion"
_PSEUDO = {_ACCOUNT: "AWS::AccountId", _REGION: "AWS::Region"}
_MARK = re.compile(r"zQz([A-Za-z0-9]+)zQz")
_SID_MARK = re.compile(r"zQz[a-z0-9]+zQz", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9]+")


def mark(parameter: str) -> str:
    """What stands for a parameter in a name until `substituted` is applied."""
    return f"zQz{parameter}zQz"


MARKED_HOME = Home(account_id=mark(_ACCOUNT), region=mark(_REGION))
"""The account and region of the stack."""


def marked_naming(naming: Naming) -> Naming:
    """The naming with a mark for each of its values."""
    return replace(naming, values={name: mark(parameter_name(name)) for name in naming.values})


def parameter_name(value: str) -> str:
    """The parameter of a naming's value: `stage` is `Stage`."""
    return pascal_case(value)


def pascal_case(name: str) -> str:
    """`access-management` is `AccessManagement`; a name in capitals alone keeps none but the first of each word."""
    words = _WORD.findall(name)
    return "".join(word.capitalize() if word.isupper() else word[:1].upper() + word[1:] for word in words)


def substituted(value: Any) -> Any:
    """
    The value with `Ref` and `Fn::Sub` in place of texts with marks.

    Other texts stay as they are: `${...}` in them is a policy variable, and inside `Fn::Sub` it is kept from being
    taken for a parameter.
    """
    if isinstance(value, str):
        return _substituted_text(value)
    if isinstance(value, Mapping):
        return {name: substituted(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [substituted(element) for element in value]
    return value


def without_marks(sid: str) -> str:
    """A statement's name, which must not have a parameter in it."""
    return _SID_MARK.sub("", sid)


def _substituted_text(text: str) -> Any:
    alone = _MARK.fullmatch(text)
    if alone:
        return {"Ref": _name(alone)}
    if not _MARK.search(text):
        return text
    escaped = text.replace("${", "${!").replace("arn:aws:", "arn:${AWS::Partition}:")
    return {"Fn::Sub": _MARK.sub(lambda match: f"${{{_name(match)}}}", escaped)}


def _name(match: re.Match[str]) -> str:
    return _PSEUDO.get(match[1], match[1])
