"""
No route gives a member of one organisation anything of another one, or shows that there is one.

The routes are those of the application's OpenAPI document, so a new one is covered without a word here. Everything of
the other organisation has `zebra` in its name.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic.alias_generators import to_camel
from tests.services.access.acting import add_member, database_of, made, make_role, place
from tests.services.access.conftest import World

from tenantable.services.access.declaration import (
    Invitation,
    Invitations,
    Team,
    TeamMember,
    TeamMembers,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    Teams,
)

OTHER = "zebra"
UNKNOWN = "unknown"
METHODS = ("get", "put", "post", "patch", "delete")
NAMES_NOTHING_OF_ANOTHER = {
    ("put", "/v1/organisations/{organisation_id}/resources/{resource_type}/{resource_id}"),
    ("get", "/v1/organisations/{organisation_id}/permissions/{key}/users"),
}
"""What is put under an id that another organisation has, too, is the caller's own; permissions are words."""
ENTITY = {"type": "user", "id": "x"}
QUESTION = {"subject": ENTITY, "action": {"name": "read"}, "resource": ENTITY}
Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def two(shared: World) -> World:
    """`acme`, owned by ann, and `zebra`, owned by zebra-owner, with something of every kind."""
    shared.found("acme", owner="ann")
    shared.found(OTHER, owner="zebra-owner")
    make_role(shared, "zebra-role", "zebra:read", organisation_id=OTHER)
    add_member(shared, "zebra-user", "zebra-role", organisation_id=OTHER)
    owner = shared.as_user("zebra-owner")
    key = {"name": "zebra-key", "permissionSetIds": ["zebra-role"]}
    made(owner.post(f"{place(OTHER)}/service-keys", json=key))
    made(owner.put(f"{place(OTHER)}/resources/zebra/zebra-1", json={"properties": {"name": "zebra"}}))
    database, now = database_of(shared), datetime.fromtimestamp(shared.clock.now, UTC)
    team: dict[str, Any] = {"organisation_id": OTHER, "team_id": "zebra-team"}
    role: dict[str, Any] = {"organisation_id": OTHER, "team_role_id": "zebra-captain"}
    database.repository(Teams).create(Team(**team, name="zebra", date_created=now))
    database.repository(TeamRoleDefinitions).create(TeamRoleDefinition(**role, name="zebra", date_created=now))
    member = TeamMember(**(team | role), user_id="zebra-user", date_joined=now)
    database.repository(TeamMembers).create(member)
    invitation = Invitation(
        organisation_id=OTHER,
        invitation_id="zebra-invitation",
        email="zebra@example.com",
        role_id="zebra-role",
        invited_by="zebra-owner",
        date_created=now,
        expires_at=datetime(2100, 1, 1, tzinfo=UTC),
    )
    database.repository(Invitations).create(invitation)
    return shared


@pytest.fixture(scope="module")
def ids(two: World) -> dict[str, str]:
    """Of each parameter that a path can have, the value that something of `zebra` has."""
    found: dict[str, str] = {}
    for item in two.engine.call("Scan", {"TableName": "bbws-access-dev-ddb-access-management"})["Items"]:
        if item.get("organisationId", {}).get("S") == OTHER:
            found |= {name: value["S"] for name, value in item.items() if "S" in value}
    return found


def operations(app: FastAPI) -> Iterator[Operation]:
    for path, methods in app.openapi()["paths"].items():
        for method in METHODS:
            if method in methods and "{" in path:
                yield method, path, methods[method]


def minimal(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A small value that the schema allows."""
    if "$ref" in schema:
        return minimal(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return minimal(schema[choice][0], schemas)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: minimal(properties[name], schemas) for name in schema.get("required", ())}
        case "array":
            return [minimal(schema["items"], schemas) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            texts = {"date-time": "2100-01-01T00:00:00Z", "email": "x@example.com", "date": "2026-11-21"}
            return texts.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))


def call(client: httpx.Client, world: World, operation: Operation, values: dict[str, str]) -> httpx.Response:
    method, path, described = operation
    schemas = world.app.openapi()["components"]["schemas"]
    content = described.get("requestBody", {}).get("content", {}).get("application/json")
    body = None if content is None else minimal(content["schema"], schemas)
    if path.endswith("/access/v1/evaluations"):  # what each question must have may stand once for all of them
        body = QUESTION
    wanted = [each for each in described.get("parameters", ()) if each["in"] == "query" and each["required"]]
    query = {each["name"]: minimal(each["schema"], schemas) for each in wanted}
    address = path.format(**values)
    return client.request(method, address, params=query, json=body)


def told(answer: httpx.Response, values: dict[str, str]) -> str:
    """What the answer says, without what the request itself said."""
    text = answer.text.replace(answer.headers["x-request-id"], "REQUEST")
    for value in sorted(set(values.values()), key=len, reverse=True):
        text = text.replace(value, "ID")
    return text


def names(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def values_for(path: str, ids: dict[str, str], organisation_id: str, *, unknown: bool = False) -> dict[str, str]:
    aliases = {"set_id": "permissionSetId", "token": "invitationId"}
    found = {}
    for name in names(path):
        if name == "organisation_id":
            found[name] = organisation_id
        elif unknown:
            found[name] = f"{UNKNOWN}-1"
        else:
            found[name] = ids.get(aliases.get(name, to_camel(name)), "zebra-1")
    return found


def clients(world: World) -> Iterator[httpx.Client]:
    """A member of `acme` who may do everything there, one who may nothing, and a program."""
    yield world.as_user("ann")
    body = {"name": "program", "permissionSetIds": ["owner"]}
    yield world.as_bearer(made(world.as_user("ann").post(f"{place()}/service-keys", json=body)).json()["key"])


def test_another_organisation_is_as_one_that_there_is_not(two: World, ids: dict[str, str]) -> None:
    checked = 0
    for client in clients(two):
        for operation in operations(two.app):
            method, path, described = operation
            if "organisation_id" not in names(path):
                continue
            other = values_for(path, ids, OTHER)
            unknown = other | {"organisation_id": UNKNOWN}
            answer, expected = (call(client, two, operation, values) for values in (other, unknown))
            found = {404} if "security" in described else {200}  # what is public is said of every organisation
            if path.startswith("/v1/me/"):
                found.add(403)  # it is for users, whatever the organisation
            assert answer.status_code == expected.status_code, (method, path, answer.text)
            assert answer.status_code in found, (method, path, answer.text)
            assert told(answer, other) == told(expected, unknown), (method, path)
            assert OTHER not in told(answer, other), (method, path)
            checked += 1
    assert checked >= 50


def test_what_another_organisation_has_is_as_what_there_is_not(two: World, ids: dict[str, str]) -> None:
    """In the caller's own organisation."""
    for client in clients(two):
        for operation in operations(two.app):
            method, path, _ = operation
            if "organisation_id" in names(path) and len(names(path)) == 1:
                continue
            if (method, path) in NAMES_NOTHING_OF_ANOTHER:
                continue
            other, unknown = (values_for(path, ids, "acme", unknown=each) for each in (False, True))
            answer, expected = (call(client, two, operation, values) for values in (other, unknown))
            assert (answer.status_code, told(answer, other)) == (expected.status_code, told(expected, unknown)), path
            assert OTHER not in told(answer, other), (method, path)
            if "organisation_id" in names(path):
                assert answer.status_code == 404, (method, path, answer.text)


def test_no_listing_of_one_organisation_has_anything_of_another(two: World) -> None:
    ann = two.as_user("ann")
    for path, methods in two.app.openapi()["paths"].items():
        if "get" in methods and names(path) in ([], ["organisation_id"]):
            answer = call(ann, two, ("get", path, methods["get"]), {"organisation_id": "acme"})
            assert OTHER not in answer.text, path
