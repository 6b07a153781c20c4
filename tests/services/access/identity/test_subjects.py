"""Subjects of any issuer become ids of users, each its own."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.access.acting import made, place
from tests.services.access.conftest import World

from tenantable.services.access.identity.callers import is_user_id
from tenantable.services.access.identity.subjects import USER_ID_PATTERN, subject_of, user_id_of

SUBJECTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255)


@pytest.mark.parametrize(
    ("subject", "user_id"),
    [
        ("auth0|5f7c", "auth0|5f7c"),
        ("user@x.com", "user@x.com"),
        ("User@x.com", "User@x.com"),
        ("a#b", "a~23b"),
        ("a~23b", "a~7E23b"),
        ("repo:octo/x:ref", "repo~3Aocto~2Fx~3Aref"),
        ("-AbC_", "~2DAbC_"),
        ("..", "~2E."),
        ("key:k1", "key~3Ak1"),
    ],
)
def test_an_id_reads_as_its_subject_does(subject: str, user_id: str) -> None:
    assert user_id_of(subject) == user_id
    assert subject_of(user_id) == subject


@given(SUBJECTS)
def test_every_subject_has_an_id_of_its_own(subject: str) -> None:
    user_id = user_id_of(subject)
    assert user_id is not None
    assert re.fullmatch(USER_ID_PATTERN, user_id)
    assert subject_of(user_id) == subject


@pytest.mark.parametrize("subject", ["", "x" * 256, "é", "a\0", "a\n", 7, None])
def test_what_is_no_subject_has_no_id(subject: object) -> None:
    assert user_id_of(subject) is None


@pytest.mark.parametrize("text", ["~zz", "~41", "a#b", "~7e", "platform", "", "-a"])
def test_what_no_subject_has_is_no_id(text: str) -> None:
    assert not is_user_id(text)


@pytest.mark.parametrize("user_id", ["user@x.com", "a~23b", "repo~3Aocto~2Fx"])
def test_users_of_any_subject_are_members(world: World, user_id: str) -> None:
    """They are added, found by their address and decided about under the id that their tokens give them."""
    world.found("acme")
    administrator = world.as_platform()
    made(administrator.post(f"{place()}/members", json={"userId": user_id, "email": "u@example.com"}))
    made(administrator.put(f"{place()}/users/{user_id}/roles/member", json={}))
    client = world.as_user(user_id, email="u@example.com")
    assert made(client.get(f"{place()}/users/{user_id}/roles")).json()
    assert made(client.get("/v1/me/organisations")).json()["items"][0]["organisationId"] == "acme"
    made(administrator.delete(f"{place()}/members/{user_id}"))
