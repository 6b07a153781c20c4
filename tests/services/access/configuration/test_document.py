"""Configuration documents as text: what is read, and what is refused with its place."""

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from tests.services.access.configuration.documents import documents

from tenantable.services.access.configuration.document import Document, read_document, write_document
from tenantable.services.access.errors import Unprocessable

WHOLE = b"""
format: 1
permissionSets:
  - id: clerk
    name: Clerk
    entries:
      - billing:invoice:read
      - {key: "billing:*", effect: deny, when: [{of: resource, name: status, value: closed}]}
roles:
  - {id: clerk, name: Clerk, permissionSets: [clerk], parents: [member]}
teamRoles:
  - {id: lead, name: Lead, permissionSets: [clerk], reach: team}
teams:
  - {id: red, name: Red, division: north}
members:
  - id: ann
    roles: [owner, {role: clerk, notAfter: 2027-01-01T00:00:00Z}]
    teams: {red: lead}
"""


def faults(text: bytes) -> list[tuple[tuple[object, ...], str]]:
    with pytest.raises(RequestValidationError) as refused:
        read_document(text)
    return [(each["loc"][1:], each["msg"]) for each in refused.value.errors()]


def test_a_document_that_is_written_is_read_as_it_was() -> None:
    document = read_document(WHOLE).document
    assert read_document(write_document(document).encode()).document == document


@given(documents())
def test_every_document_survives_being_written(document: Document) -> None:
    assert read_document(write_document(document).encode()).document == document


def test_what_is_usual_is_left_out_of_the_text() -> None:
    text = write_document(read_document(b"permissionSets: [{id: a, name: A, active: true, entries: [x:y]}]").document)
    assert text == "format: 1\npermissionSets:\n- id: a\n  name: A\n  entries:\n  - x:y\n"


def test_every_fault_is_told_at_once_with_its_place_and_line() -> None:
    assert faults(b"roles:\n- {id: a b, name: A}\n- id: b\nextra: 1\nteams: {}\n") == [
        (("roles", 0, "id"), "line 2: String should match pattern '^[A-Za-z0-9][A-Za-z0-9_|-]{0,127}$'"),
        (("roles", 1, "name"), "line 3: Field required"),
        (("teams",), "line 5: Input should be a valid list"),
        (
            ("extra",),
            "line 4: extra is not known here; "
            "known: format, organisation, permissionSets, roles, teamRoles, teams, members",
        ),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"roles: [{id: a, name: A}, {id: a, name: B}]",
        b"roles: [{id: a, name: A, permissionSets: [s, s]}]",
        b"members: [{id: a, roles: [owner, owner]}]",
    ],
)
def test_nothing_stands_there_twice(text: bytes) -> None:
    ((_, message),) = faults(text)
    assert "stands there twice" in message


@pytest.mark.parametrize("text", [b"format: 2", b"teams: [{id: a, name: yes}]", b"roles: [{id: 7, name: A}]", b"- a"])
def test_other_types_are_refused(text: bytes) -> None:
    assert faults(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "empty"),
        (b"a: &x [1]\nb: *x", "line 2: \\*x is an alias"),
        (b"a: 1\na: 2", "line 2: a stands there twice"),
        (b"? [1]\n: 2", "a key is no text"),
        (b"[" * 100_000, "nest"),
        (b"- " * 100_000, "nested more than 12 deep"),
        (b"a: !!python/object:os.system x", "constructor"),
        (b"a: " + b"9" * 5000, "no YAML"),
        (b"a: [", "line 2: did not find"),
        (b"a: \x00", "control characters"),
        (b"a: 1\n---\nb: 2", "another document"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_document_is_refused_quickly(text: bytes, told: str) -> None:
    with pytest.raises(Unprocessable, match=told):
        read_document(text)
