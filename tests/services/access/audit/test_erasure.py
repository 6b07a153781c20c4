"""Erasing personal details: gone from the table and from the archive, and the trail still verified."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.services.access.audit.test_events import listed
from tests.services.access.audit.trails import (
    DAY_SECONDS,
    Tamperer,
    archive_all,
    archiver_in,
    bucket_of,
    kinds,
    verify,
    write_events,
)
from tests.services.access.conftest import World

from tenantable.cloud.objects.bucket import Bucket, Content, ObjectInfo, ObjectPage, Range, StoredObject, below
from tenantable.errors import CloudError
from tenantable.services.access.audit.archiving.archive import Archive
from tenantable.services.access.audit.assembly import audit_of
from tenantable.services.access.audit.erasure import Person
from tenantable.services.access.changes.change import Actor

PATH = "/v1/organisations/acme/audit/erasures"
BOB: dict[str, Any] = {"userId": "bob", "values": ["Bob@example.com"]}


@dataclass(kw_only=True)
class Versioned:
    """A bucket that keeps what was replaced, as S3 with versions does; `is_locked` keeps it from who deletes it."""

    bucket: Bucket
    former: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    is_locked: bool = False

    @property
    def name(self) -> str:
        return self.bucket.name

    def put(self, key: str, content: Content, *, only_if_absent: bool = False) -> str:
        before = [self.bucket.get(found.key).body for found in below(self.bucket, key)]
        etag = self.bucket.put(key, content, only_if_absent=only_if_absent)
        self.former[key] += before
        return etag

    def get(self, key: str, wanted: Range | None = None) -> StoredObject:
        return self.bucket.get(key, wanted)

    def head(self, key: str) -> ObjectInfo:
        return self.bucket.head(key)

    def page(self, prefix: str = "", *, limit: int = 1000, after: str | None = None) -> ObjectPage:
        return self.bucket.page(prefix, limit=limit, after=after)

    def delete(self, key: str) -> None:
        self.bucket.delete(key)

    def delete_former_versions(self, key: str) -> None:
        if self.is_locked:
            raise CloudError("locked")
        self.former.pop(key, None)

    def former_events(self) -> int:
        return sum(map(len, (bodies for key, bodies in self.former.items() if key.startswith("audit/"))))


def archived(world: World, number: int) -> Versioned:
    """A bucket with versions that has the events of acme, which are no longer in the table."""
    world.found("acme")
    write_events(world, number)
    world.clock.now += 31 * DAY_SECONDS
    archive_all(archiver_in(world))
    while world.engine.expire(world.clock.now, 1000):
        pass
    archive_all(archiver_in(world))
    return Versioned(bucket=bucket_of(world))


def erase(world: World, bucket: Versioned, user_id: str = "bob") -> int:
    audit = audit_of(replace(world.dependencies, bucket=lambda _component: bucket))
    return audit.erase(Actor(id="ann"), "acme", Person(user_id=user_id, values=frozenset()))


def test_what_an_object_was_before_the_erasure_is_gone(world: World) -> None:
    bucket = archived(world, 10)
    assert erase(world, bucket) == 10
    assert bucket.former_events() == 0
    assert kinds(verify(world)) == []


def test_a_repeated_erasure_deletes_the_versions_that_a_crash_left(world: World) -> None:
    bucket = archived(world, 10)
    bucket.is_locked = True
    with pytest.raises(CloudError):
        erase(world, bucket)
    assert bucket.former_events() == 1
    bucket.is_locked = False
    world.clock.now += 90 * DAY_SECONDS
    archive_all(archiver_in(world))  # the erasure itself is in the archive by now
    while world.engine.expire(world.clock.now, 1000):
        pass
    archive_all(archiver_in(world))
    assert erase(world, bucket) == 0
    assert bucket.former_events() == 0


def test_an_erasure_leaves_the_versions_of_objects_that_it_is_not_about(world: World) -> None:
    """They may be all that is left of what somebody overwrote."""
    bucket = archived(world, 10)
    (key,) = Archive(bucket).keys("acme")
    bucket.put(key, Content(body=bucket.get(key).body))
    assert erase(world, bucket, "eve") == 0
    assert bucket.former_events() == 1


def test_what_an_erasure_says_of_itself_cannot_be_erased(world: World) -> None:
    world.found("acme")
    write_events(world, 3)
    ann = world.as_user("ann")
    ann.post(PATH, json=BOB)
    numbers = Tamperer(world.engine).item(5)["details"]["M"]["events"]["S"]
    assert ann.post(PATH, json={"userId": "bob", "values": [numbers]}).json() == {"events": 0}
    assert kinds(verify(world)) == []


def details_of(world: World, sequence: int) -> tuple[Any, Any]:
    found = listed(world.as_user("ann"), **{"from": "2027-01-01T00:00:00Z", "order": "oldest"})
    (event,) = (each for each in found if each["sequence"] == sequence)
    return event["details"], event["erased"]


def test_erased_details_are_gone_and_the_trail_is_verified(world: World) -> None:
    world.found("acme")
    write_events(world, 120)
    assert world.as_user("ann").post(PATH, json=BOB).json() == {"events": 120}
    assert details_of(world, 5) == ({"by": "ann"}, ["email"])
    assert "bob@example.com" not in str(Tamperer(world.engine).items())
    found = verify(world)
    assert (kinds(found), found.erased) == ([], 120)


def test_details_are_erased_in_the_archive_too(world: World) -> None:
    world.found("acme")
    write_events(world, 10)
    world.clock.now += 31 * DAY_SECONDS
    archive_all(archiver_in(world))
    while world.engine.expire(world.clock.now, 1000):
        pass
    assert world.as_user("ann").post(PATH, json=BOB).json() == {"events": 10}
    bucket = bucket_of(world)
    objects = [bucket.get(found.key).body for found in below(bucket, "audit/organisation=acme/")]
    archive = Archive(bucket)
    assert objects
    assert "bob@example.com" not in str([archive.read(key) for key in archive.keys("acme")])
    archive_all(archiver_in(world))
    assert "bob@example.com" not in str([archive.read(key) for key in archive.keys("acme")])
    found = verify(world)
    assert (kinds(found), found.erased) == ([], 10)


def test_what_is_erased_already_is_not_erased_again(world: World) -> None:
    world.found("acme")
    write_events(world, 3)
    ann = world.as_user("ann")
    ann.post(PATH, json=BOB)
    events = len(Tamperer(world.engine).items())
    assert ann.post(PATH, json=BOB).json() == {"events": 0}
    assert len(Tamperer(world.engine).items()) == events


def test_an_erasure_covers_no_other_events(world: World) -> None:
    world.found("acme")
    write_events(world, 4)
    tamperer = Tamperer(world.engine)
    tamperer.change(3, details={"M": {}}, detailsSalts={"M": {}})
    world.as_user("ann").post(PATH, json=BOB)
    assert kinds(verify(world)) == [("edited", 3)]


def test_a_user_of_any_provider_is_erased(world: World) -> None:
    world.found("acme")
    content = {"userId": "auth0|123", "values": ["Bob@example.com"]}
    assert world.as_user("ann").post(PATH, json=content).json() == {"events": 0}


def test_an_erasure_takes_the_right_to_it(world: World) -> None:
    world.found("acme")
    assert world.as_user("eve").post(PATH, json=BOB).status_code == 404
    body = {"userId": "bob", "email": "bob@example.com", "more": 1}
    assert world.as_user("ann").post(PATH, json=body).status_code == 422


def test_other_organisations_keep_what_they_have(world: World) -> None:
    world.found("acme")
    world.found("zeta", owner="ann")
    write_events(world, 2, organisation_id="zeta")
    assert world.as_user("ann").post(PATH, json=BOB).json() == {"events": 0}
    assert "bob@example.com" in str(Tamperer(world.engine, "zeta").items())
