"""
Policies in a plan or a state of Terraform, as `terraform show -json` prints them.

What is not known before apply is left out; of a policy document whose resources alone are not known, these stand for
tables that no other statement names.
Source: Terraform, "JSON output format".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tenantable.errors import PolicyError
from tenantable.iam.lint.reading import CHARACTERS_MAX, PolicySource, decode, kind_by_form, looks_like_policy

_UNKNOWN = "known-after-apply"
_IDENTITY = {
    "aws_iam_policy": (6144, None),
    "aws_iam_role_policy": (10240, "role"),
    "aws_iam_user_policy": (2048, "user"),
    "aws_iam_group_policy": (5120, "group"),
}
"""Resources with a `policy` for a principal: the quota in characters, and the attribute that names the principal."""
_OF_RESOURCES = frozenset(
    "aws_dynamodb_resource_policy aws_s3_bucket_policy aws_sns_topic_policy aws_sqs_queue aws_sqs_queue_policy".split()
)
"""Resources whose `policy` says who may use them, or something else."""
_DOCUMENT = "aws_iam_policy_document"


def is_plan(document: Any) -> bool:
    if not isinstance(document, Mapping):
        return False
    values = document.get("values")
    is_state = isinstance(values, Mapping) and "root_module" in values
    return bool({"planned_values", "resource_changes", "prior_state"} & document.keys()) or is_state


def policies_of_plan(plan: Mapping[str, Any], place: str) -> Iterator[PolicySource]:
    """
    Every policy of the plan's resources and its policy documents, of nested modules too.

    A document of `data.aws_iam_policy_document` that a resource has is found once, at the resource.
    """
    resources = _resources(plan)
    tables = dict(_tables(resources.values()))
    taken: list[Any] = []
    for address, resource in resources.items():
        for source in _of_resource(resource, f"{place}: {address}", tables):
            taken.append(source.document)
            yield source
    for address, resource in resources.items():
        if resource.get("type") == _DOCUMENT:
            document = _written_document(resource.get("values") or {}, f"{place}: {address}")
            if document is not None and document not in taken:
                yield _with_kind(document, f"{place}: {address}", tables)


def open_policies(plan: Mapping[str, Any]) -> list[str]:
    """The addresses of policies that nobody knows before apply, and that cannot be looked at."""
    attributes = dict.fromkeys([*_IDENTITY, *_OF_RESOURCES - {"aws_sqs_queue"}], "policy")
    attributes["aws_iam_role"] = "assume_role_policy"
    return [
        address
        for address, resource in _resources(plan).items()
        if (name := attributes.get(str(resource.get("type")))) and not (resource.get("values") or {}).get(name)
    ]


def _resources(plan: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """All resources by their address; what is planned counts before what was."""
    found: dict[str, Mapping[str, Any]] = {}
    prior = (plan.get("prior_state") or {}).get("values") or {}
    for values in (plan.get("planned_values") or {}, plan.get("values") or {}, prior):
        for resource in _of_module(values.get("root_module") or {}):
            is_gone = values is prior and "planned_values" in plan and resource.get("mode") == "managed"
            if not is_gone:
                found.setdefault(str(resource.get("address")), resource)
    for change in plan.get("resource_changes") or ():
        after = (change.get("change") or {}).get("after")
        is_wanted = "planned_values" not in plan or change.get("mode") == "data"
        if isinstance(after, Mapping) and is_wanted:
            found.setdefault(str(change.get("address")), {**change, "values": after})
    return found


def _of_module(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources") or ()
    for child in module.get("child_modules") or ():
        yield from _of_module(child)


def _of_resource(
    resource: Mapping[str, Any], place: str, tables: Mapping[str, frozenset[str]]
) -> Iterator[PolicySource]:
    kind, values = str(resource.get("type")), resource.get("values") or {}
    if kind in _IDENTITY:
        most, owner = _IDENTITY[kind]
        document = _decoded(values.get("policy"), place)
        if document is not None:
            name = f"{owner} {values[owner]}" if owner and values.get(owner) else place
            yield PolicySource(place=place, document=document, characters_max=most, owner=name, key_names=tables)
    elif kind == "aws_iam_role":
        trust = _decoded(values.get("assume_role_policy"), place)
        if trust is not None:
            yield PolicySource(
                place=f"{place}, trust", document=trust, kind="trust", characters_max=CHARACTERS_MAX["trust"]
            )
        for inline in values.get("inline_policy") or ():
            document = _decoded(inline.get("policy"), place)
            if document is not None:
                where, owner = f"{place}, {inline.get('name') or 'inline'}", f"role {values.get('name')}"
                yield PolicySource(place=where, document=document, characters_max=10240, owner=owner, key_names=tables)
    elif kind in _OF_RESOURCES:
        document = _decoded(values.get("policy"), place)
        if document is not None:
            yield _with_kind(document, place, tables)


def _decoded(text: Any, place: str) -> Any:
    """The policy in an attribute; None where it is not known or none."""
    if not isinstance(text, str) or not text.strip():
        return None
    document = decode(text, place)
    if not looks_like_policy(document):
        raise PolicyError(f"{place}: holds no policy", hint='a policy is a JSON object with a "Statement"')
    return document


def _with_kind(document: Any, place: str, tables: Mapping[str, frozenset[str]]) -> PolicySource:
    kind = kind_by_form(document)
    owner = place if kind == "identity" else None
    most = CHARACTERS_MAX[kind]
    return PolicySource(place=place, document=document, kind=kind, characters_max=most, key_names=tables, owner=owner)


def _written_document(values: Mapping[str, Any], place: str) -> Any:
    """The document of a data source: as JSON where it was read already, else from its statements."""
    if values.get("json"):
        return _decoded(values["json"], place)
    statements = [_statement(each) for each in values.get("statement") or ()]
    return {"Version": values.get("version") or "2012-10-17", "Statement": statements} if statements else None


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": block["sid"]} if block.get("sid") else {}
    statement["Effect"] = block.get("effect") or "Allow"
    for name, element in (("actions", "Action"), ("not_actions", "NotAction")):
        if block.get(name):
            statement[element] = block[name]
    for name, element in (("resources", "Resource"), ("not_resources", "NotResource")):
        if block.get(name):
            statement[element] = [each or _UNKNOWN for each in block[name]]
    for name, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        for each in block.get(name) or ():
            kind, names = each.get("type") or "AWS", [name or _UNKNOWN for name in each.get("identifiers") or [None]]
            statement[element] = "*" if kind == "*" else {**statement.get(element, {}), kind: names}
    if not {"Resource", "NotResource", "Principal", "NotPrincipal"} & statement.keys():
        statement["Resource"] = _UNKNOWN
    for each in block.get("condition") or ():
        test, key = each.get("test"), each.get("variable")
        if test and key:
            values = [value or _UNKNOWN for value in each.get("values") or [None]]
            statement.setdefault("Condition", {}).setdefault(test, {})[key] = values
    return statement


def _tables(resources: Any) -> Iterator[tuple[str, frozenset[str]]]:
    """The key attributes of the tables that are planned beside the policies."""
    for resource in resources:
        values = resource.get("values") or {}
        if resource.get("type") == "aws_dynamodb_table" and values.get("name"):
            indexes = [*(values.get("global_secondary_index") or ()), *(values.get("local_secondary_index") or ())]
            names = {each.get(key) for each in (values, *indexes) for key in ("hash_key", "range_key")}
            yield values["name"], frozenset(name for name in names if name)
