"""Parameters: written, read one by one or by path, described and deleted."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from tenantable.aws.calls import Answer, Call, Moment
from tenantable.aws.pages import page
from tenantable.aws.refusals import Refusal
from tenantable.aws.tags import add_tags, read_tags, remove_tags, shown_tags

PARAMETER = "ssm/parameter"
NAME = r"[a-zA-Z0-9_.\-/]{1,1011}"
TYPES = ("String", "StringList", "SecureString")
VALUE_MAX = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}
LEVELS_MAX = 15
NAMES_MAX = 10
BY_PATH_MAX = 10
DESCRIBED_MAX = 50
HISTORY_MAX = 100
DEFAULT_KEY = "alias/aws/ssm"


def put_parameter(call: Call) -> Answer:
    name, before = _new_name(call), call.records.find(PARAMETER, plain_name(call, "Name"))
    overwrite = call.flag("Overwrite", False)
    if before is not None and not overwrite:
        raise Refusal(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        )
    kind = call.choice("Type", TYPES, before["Type"] if before else "")
    if not kind:
        raise call.invalid("A parameter type is required when you create a parameter.")
    tier = call.choice("Tier", tuple(VALUE_MAX), before["Tier"] if before else "Standard")
    tags = read_tags(call)
    if tags and overwrite:
        raise call.invalid("Invalid request: tags and overwrite can't be used together.")
    key = call.optional_text("KeyId") or (before or {}).get("KeyId") or DEFAULT_KEY
    parameter: dict[str, Any] = {
        "Name": name,
        "Type": kind,
        "Value": _value(call, tier),
        "KeyId": key if kind == "SecureString" else None,
        "Tier": "Standard" if tier == "Intelligent-Tiering" else tier,
        "DataType": call.optional_text("DataType", limit=128) or (before or {}).get("DataType") or "text",
        "Description": _kept(call, before, "Description"),
        "AllowedPattern": _kept(call, before, "AllowedPattern"),
        "Version": before["Version"] + 1 if before else 1,
        "Changed": call.now,
        "Tags": before["Tags"] if before else {},
        "History": [*before["History"], _history_entry(before)][-HISTORY_MAX:] if before else [],
    }
    add_tags(parameter, tags)
    call.records.put(PARAMETER, name, parameter)
    return {"Version": parameter["Version"], "Tier": parameter["Tier"]}


def get_parameter(call: Call) -> Answer:
    found = _found(call, call.text("Name", limit=2048))
    if found is None:
        raise _missing(call.text("Name"))
    return {"Parameter": _shown(call, found)}


def get_parameters(call: Call) -> Answer:
    names = call.texts("Names", limit=NAMES_MAX)
    found = {name: _found(call, name) for name in names}
    return {
        "Parameters": [_shown(call, parameter) for parameter in found.values() if parameter is not None],
        "InvalidParameters": [name for name, parameter in found.items() if parameter is None],
    }


def get_parameters_by_path(call: Call) -> Answer:
    path = call.text("Path", limit=1024)
    if not path.startswith("/"):
        raise call.invalid("The parameter path must begin with a slash")
    beginning, recursive = path.rstrip("/") + "/", call.flag("Recursive", False)
    named = (
        (name, parameter)
        for name, parameter in call.records.all(PARAMETER, beginning)
        if recursive or "/" not in name[len(beginning) :]
    )
    shown, token = page(call, named, cursor="NextToken", limit="MaxResults", most=BY_PATH_MAX)
    return {"Parameters": [_shown(call, parameter) for parameter in shown], "NextToken": token}


def get_parameter_history(call: Call) -> Answer:
    found = _stored(call, plain_name(call, "Name"))
    versions = [_shown(call, found | entry) for entry in [*found["History"], _history_entry(found)]]
    return {"Parameters": [{name: entry[name] for name in entry if name != "ARN"} for entry in versions]}


def describe_parameters(call: Call) -> Answer:
    filters = [*call.structures("ParameterFilters"), *call.structures("Filters")]
    named = [
        (name, parameter)
        for name, parameter in call.records.all(PARAMETER)
        if all(_passes(call, parameter, each) for each in filters)
    ]
    shown, token = page(call, named, cursor="NextToken", limit="MaxResults", most=DESCRIBED_MAX)
    return {"Parameters": [_metadata(call, parameter) for parameter in shown], "NextToken": token}


def delete_parameter(call: Call) -> Answer:
    name = plain_name(call, "Name")
    if not call.records.remove(PARAMETER, name):
        raise _missing(name)
    return {}


def delete_parameters(call: Call) -> Answer:
    names = call.texts("Names", limit=NAMES_MAX)
    gone = [name for name in names if call.records.remove(PARAMETER, name)]
    return {"DeletedParameters": gone, "InvalidParameters": [name for name in names if name not in gone]}


def add_parameter_tags(call: Call) -> Answer:
    parameter = _tagged(call)
    add_tags(parameter, read_tags(call))
    call.records.put(PARAMETER, parameter["Name"], parameter)
    return {}


def remove_parameter_tags(call: Call) -> Answer:
    parameter = _tagged(call)
    remove_tags(parameter, call.texts("TagKeys"))
    call.records.put(PARAMETER, parameter["Name"], parameter)
    return {}


def list_parameter_tags(call: Call) -> Answer:
    return {"TagList": shown_tags(_tagged(call))}


def parameter_arn(call: Call) -> str:
    """For policies: the ARN of the parameter or path that a call names."""
    member = next((name for name in ("Name", "ResourceId", "Path") if call.optional_text(name)), None)
    return arn_of(call, plain_name(call, member) if member else "*")


def parameter_arns(call: Call) -> str:
    """As `parameter_arn` where several are named: they must be allowed together."""
    names = call.texts("Names", limit=NAMES_MAX)
    return arn_of(call, names[0]) if len(names) == 1 else arn_of(call, "*")


def arn_of(call: Call, name: str) -> str:
    return call.home.parameter(name)


def plain_name(call: Call, member: str) -> str:
    """A name without the ARN around it and the version behind it."""
    return _plain(call.text(member, limit=2048))


def _plain(given: str) -> str:
    if given.startswith("arn:"):
        name = given.partition(":parameter/")[2].partition(":")[0]
        return f"/{name}" if "/" in name else name
    return given.partition(":")[0]


def _found(call: Call, given: str) -> dict[str, Any] | None:
    """The parameter as it is, or as it was in the version that the name asks for."""
    parameter = call.records.find(PARAMETER, _plain(given))
    version = (given.partition(":parameter/")[2] if given.startswith("arn:") else given).partition(":")[2]
    if parameter is None or not version:
        return parameter
    entries = [*parameter["History"], _history_entry(parameter)]
    entry = next((each for each in entries if str(each["Version"]) == version), None)
    if entry is None:
        raise Refusal("ParameterVersionNotFound", f"Systems Manager could not find version {version} of {given}.")
    return {**parameter, **entry}


def _stored(call: Call, name: str) -> dict[str, Any]:
    parameter = call.records.find(PARAMETER, name)
    if parameter is None:
        raise _missing(name)
    return parameter


def _tagged(call: Call) -> dict[str, Any]:
    if call.choice("ResourceType", ("Parameter",), "Parameter") != "Parameter":
        raise Refusal("InvalidResourceType", "Only parameters have tags here")
    parameter = call.records.find(PARAMETER, plain_name(call, "ResourceId"))
    if parameter is None:
        raise Refusal("InvalidResourceId", f"The resource ID {call.text('ResourceId')} is not valid")
    return parameter


def _missing(name: str) -> Refusal:
    return Refusal("ParameterNotFound", f"Parameter {name} not found.")


def _new_name(call: Call) -> str:
    name = call.text("Name", limit=1011, pattern=NAME)
    if ("/" in name and not name.startswith("/")) or name.count("/") > LEVELS_MAX or "//" in name or name.endswith("/"):
        raise call.invalid("Parameter name must be a fully qualified name, at most 15 levels deep")
    if name.lower().removeprefix("/").startswith(("aws", "ssm")):
        raise Refusal("AccessDeniedException", f"No access to reserved parameter name: {name}.")
    return name


def _value(call: Call, tier: str) -> str:
    value = call.text("Value", limit=max(VALUE_MAX.values()))
    if len(value.encode(errors="replace")) > VALUE_MAX[tier]:
        raise call.invalid(f"{tier} tier parameters support a maximum parameter value of {VALUE_MAX[tier]} characters.")
    return value


def _kept(call: Call, before: Mapping[str, Any] | None, member: str) -> str | None:
    given = call.optional_text(member, limit=1024)
    return given if given is not None or before is None else before[member]


def _history_entry(parameter: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parameter[name] for name in ("Value", "Version", "Type", "Changed")}


def _shown(call: Call, parameter: Mapping[str, Any]) -> dict[str, Any]:
    value = parameter["Value"]
    if parameter["Type"] == "SecureString" and not call.flag("WithDecryption", False):
        value = "AQICAH" + base64.b64encode(hashlib.sha256(value.encode()).digest() * 3).decode()
    return {
        "Name": parameter["Name"],
        "Type": parameter["Type"],
        "Value": value,
        "Version": parameter["Version"],
        "LastModifiedDate": Moment(parameter["Changed"]),
        "ARN": arn_of(call, parameter["Name"]),
        "DataType": parameter["DataType"],
    }


def _metadata(call: Call, parameter: Mapping[str, Any]) -> dict[str, Any]:
    members = ("Name", "Type", "KeyId", "Description", "AllowedPattern", "Version", "Tier", "DataType")
    return {
        **{name: parameter[name] for name in members},
        "ARN": arn_of(call, parameter["Name"]),
        "LastModifiedDate": Moment(parameter["Changed"]),
        "LastModifiedUser": f"arn:aws:iam::{call.home.account_id}:root",
        "Policies": [],
    }


def _passes(call: Call, parameter: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    key, option, values = wanted.get("Key"), wanted.get("Option") or "Equals", wanted.get("Values") or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise call.invalid("The values of a filter are texts")
    if key == "Path":
        return any(_is_below(parameter["Name"], path, recursive=option == "Recursive") for path in values)
    if isinstance(key, str) and key.startswith("tag:"):
        return parameter["Tags"].get(key[4:]) in values if values else key[4:] in parameter["Tags"]
    if key not in ("Name", "Type", "KeyId", "Tier", "DataType"):
        raise Refusal("InvalidFilterKey", f"{key} is no key of a filter here")
    held = parameter[key] or ""
    tests = {"BeginsWith": held.startswith, "Contains": held.__contains__, "Equals": held.__eq__}
    if option not in tests:
        raise Refusal("InvalidFilterOption", f"{option} is no option of a filter here")
    return any(tests[option](value) for value in values)


def _is_below(name: str, path: str, *, recursive: bool) -> bool:
    beginning = path.rstrip("/") + "/"
    return name.startswith(beginning) and (recursive or "/" not in name[len(beginning) :])
