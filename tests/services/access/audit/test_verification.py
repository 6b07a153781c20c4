"""Verifying: whatever is done to the table or to the archive without the key is found, and named by its number."""

from dataclasses import replace

import orjson
import pytest
from tests.services.access.audit.trails import (
    DAY_SECONDS,
    Item,
    Tamper,
    Tamperer,
    archive_all,
    archiver_in,
    bucket_of,
    kinds,
    verify,
    write_events,
)
from tests.services.access.conftest import World

from tenantable.cloud.objects.bucket import Content, below
from tenantable.services.access.audit.archiving.archive import Archive
from tenantable.services.access.audit.assembly import verifier_of
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.declaration import directory_service

EVENTS = 10


@pytest.fixture
def trail(world: World) -> World:
    """Ten events, whose head was signed at the sixth and at the last."""
    world.found("acme")
    write_events(world, 5)
    archiver = archiver_in(world)
    archiver.sign("acme")
    write_events(world, 4)
    archiver.sign("acme")
    return world


def test_a_trail_that_nobody_touched_is_verified(trail: World) -> None:
    found = verify(trail)
    assert (found.verified, found.events, found.sequence, found.signed_sequence) == (True, EVENTS, EVENTS, EVENTS)


def insert(number: int) -> Tamper:
    def tamper(tamperer: Tamperer) -> None:
        forged = {**tamperer.item(4), "eventId": {"S": "forged"}, "sequence": {"N": str(number)}}
        forged["SK"] = {"S": forged["SK"]["S"].rpartition("#")[0] + "#forged"}
        tamperer.put(forged)

    return tamper


def elsewhere(day: str) -> Tamper:
    """An event on a day that no listing of late comes to."""

    def tamper(tamperer: Tamperer) -> None:
        instant = f"{day}T00:00:00.000000Z"
        old = tamperer.item(4)
        forged = {**old, "timestamp": {"S": instant}, "PK": {"S": f"ORG#acme#DATE#{day}"}}
        forged |= {"SK": {"S": f"EVENT#{instant}#{old['eventId']['S']}"}}
        forged |= {"gsi5sk" if "gsi5sk" in old else "GSI5SK": {"S": f"{instant}#{old['eventId']['S']}"}}
        tamperer.put(forged)

    return tamper


def move_to_tomorrow(number: int) -> Tamper:
    """The event as it is, in the partition of the day after."""

    def tamper(tamperer: Tamperer) -> None:
        item = tamperer.item(number)
        tamperer.remove(item)
        tamperer.put({**item, "PK": {"S": "ORG#acme#DATE#2027-01-16"}})

    return tamper


def forget(tamperer: Tamperer) -> None:
    for item in [*tamperer.items(), tamperer.head()]:
        tamperer.remove(item)


def without(item: Item, *names: str) -> Item:
    return {name: value for name, value in item.items() if name not in names}


def cut_with_head(tamperer: Tamperer) -> None:
    tamperer.move_head_back(7)
    tamperer.delete(8, 9, 10)


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (lambda t: t.change(3, action={"S": "other"}), [("edited", 3)]),
        (lambda t: t.change(3, userId={"S": "eve"}), [("edited", 3)]),
        (lambda t: t.change(3, details={"M": {"by": {"S": "eve"}}}), [("edited", 3)]),
        (lambda t: t.change(3, details={"M": {"more": {"S": "x"}}}), [("edited", 3)]),
        (lambda t: t.change(3, details={"M": {}}, detailsSalts={"M": {}}), [("edited", 3)]),
        (lambda t: t.change(3, details={"M": t.item(3)["details"]["M"] | {"more": {"S": "x"}}}), [("edited", 3)]),
        (move_to_tomorrow(4), [("reordered", 4)]),
        (lambda t: t.change(3, keyId={"S": "other"}), [("edited", 3)]),
        (lambda t: t.change(3, digest={"S": "0" * 64}), [("edited", 3), ("edited", 4)]),
        (lambda t: t.change(10, action={"S": "other"}), [("edited", 10)]),
        (lambda t: t.change(3, details={"S": "no map"}), [("gap", 3), ("unreadable", None)]),
        (insert(4), [("inserted", 4)]),
        (insert(11), [("inserted", 11)]),
        (insert(1_000_000), [("inserted", 1_000_000)]),
        (insert(0), [("inserted", 0)]),
        (elsewhere("2019-01-01"), [("inserted", 4)]),
        (elsewhere("2050-01-01"), [("inserted", 4)]),
        (lambda t: t.swap(3, 7), [("reordered", 3), ("reordered", 7)]),
        (lambda t: t.swap(3, 4), [("reordered", 3), ("reordered", 4)]),
        (lambda t: t.delete(4), [("gap", 4)]),
        (lambda t: t.delete(1), [("gap", 1)]),
        (lambda t: t.delete(3, 4, 5), [("gap", 3)]),
        (lambda t: t.delete(9, 10), [("tail-cut", 9)]),
        (cut_with_head, [("head-moved-back", 7), ("tail-cut", 8)]),
        (lambda t: t.move_head_back(8), [("head-moved-back", 8)]),
        (forget, [("head-moved-back", 0), ("deleted", 1)]),
        (lambda t: t.put({**t.head(), "digest": {"S": "0" * 64}}), [("head-altered", 10)]),
        (lambda t: t.change(3, GSI4PK={"S": "USER#eve"}), [("unlisted", 3)]),
        (lambda t: t.change(3, GSI5SK={"S": "2019"}), [("unlisted", 3)]),
        (lambda t: t.change(3, GSI1PK={"S": "ORG#acme#STATUS#PENDING"}), [("unlisted", 3)]),
        (lambda t: t.put(without(t.item(3), "GSI4PK", "GSI4SK")), [("unlisted", 3)]),
        (lambda t: t.put(without(t.item(3), "GSI5SK")), [("unlisted", 3)]),
    ],
)
def test_tampering_with_the_table_is_found_and_named(
    trail: World, tamper: Tamper, expected: list[tuple[str, int | None]]
) -> None:
    tamper(Tamperer(trail.engine))
    found = verify(trail)
    assert sorted(kinds(found), key=str) == sorted(expected, key=str)
    assert not found.verified


def test_a_trail_written_anew_with_the_chains_key_contradicts_the_signed_head(trail: World) -> None:
    """Whoever has the key of the chain can write another chain, but cannot sign."""
    forget(Tamperer(trail.engine))
    changes = trail.dependencies.changes(directory_service)

    def build(change: Change) -> None:
        change.count_owners(1)
        change.record("CONFIGURATION", "organisation.create")

    changes.found("acme", Actor(id="eve"), build)
    write_events(trail, EVENTS - 1)
    assert kinds(verify(trail)) == [("rewritten", EVENTS)]


def test_a_forged_copy_of_a_head_is_named_and_the_one_before_it_believed(trail: World) -> None:
    bucket = bucket_of(trail)
    *_, last = [found.key for found in below(bucket, "heads/organisation=acme/")]
    content = orjson.loads(bucket.get(last).body) | {"digest": "0" * 64}
    bucket.put(last, Content(body=orjson.dumps(content)))
    found = verify(trail)
    assert {finding.kind for finding in found.findings} == {"signature"}
    assert found.signed_sequence == 6


def test_a_copy_of_a_head_that_is_gone_is_missed(trail: World) -> None:
    bucket = bucket_of(trail)
    *_, last = [found.key for found in below(bucket, "heads/organisation=acme/")]
    bucket.delete(last)
    assert kinds(verify(trail)) == [("signature", EVENTS)]


def test_the_archiver_does_not_sign_a_head_that_was_moved_back(trail: World) -> None:
    cut_with_head(Tamperer(trail.engine))
    archiver = archiver_in(trail)
    assert not archiver.sign("acme")
    assert verify(trail).signed_sequence == EVENTS


def archived(world: World) -> list[str]:
    world.clock.now += 40 * DAY_SECONDS
    archive_all(archiver_in(world))
    while world.engine.expire(world.clock.now, 1000):
        pass
    archive_all(archiver_in(world))
    assert Tamperer(world.engine).items() == []
    return [found.key for found in below(bucket_of(world), "audit/organisation=acme/")]


def test_an_archived_trail_is_verified(trail: World) -> None:
    archived(trail)
    found = verify(trail)
    assert (kinds(found), found.events, found.archived) == ([], EVENTS, EVENTS)


def test_an_edit_in_the_archive_is_found(trail: World) -> None:
    (key,) = archived(trail)
    archive = Archive(bucket_of(trail))
    events = archive.read(key)
    archive.rewrite(key, [events[0], events[1].model_copy(update={"target": "eve"}), *events[2:]])
    found = verify(trail)
    assert kinds(found) == [("edited", 2)]
    assert found.findings[0].place == key


def test_an_event_left_out_of_the_archive_is_found(trail: World) -> None:
    (key,) = archived(trail)
    archive = Archive(bucket_of(trail))
    events = archive.read(key)
    archive.rewrite(key, [*events[:4], *events[5:]])
    assert kinds(verify(trail)) == [("gap", 5)]


def test_an_archive_cut_at_its_end_is_found(trail: World) -> None:
    (key,) = archived(trail)
    archive = Archive(bucket_of(trail))
    archive.rewrite(key, archive.read(key)[:6])
    assert kinds(verify(trail)) == [("tail-cut", 7)]


def test_an_archive_that_is_gone_is_found(trail: World) -> None:
    for key in archived(trail):
        bucket_of(trail).delete(key)
    assert kinds(verify(trail)) == [("deleted", 1)]


@pytest.mark.parametrize("body", [b"", b"no gzip", b"\x1f\x8b\x08\x00"])
def test_a_damaged_object_is_named_with_what_is_missing_for_it(trail: World, body: bytes) -> None:
    (key,) = archived(trail)
    bucket_of(trail).put(key, Content(body=body))
    found = verify(trail)
    assert ("unreadable", None) in kinds(found)
    assert {finding.place for finding in found.findings if finding.kind == "unreadable"} == {key}


def test_a_strange_object_in_the_archive_is_named(trail: World) -> None:
    archived(trail)
    bucket_of(trail).put("audit/organisation=acme/notes", Content(body=b"x"))
    assert kinds(verify(trail)) == [("unreadable", None)]


def test_a_chain_goes_on_over_a_change_of_its_key_and_never_back(trail: World) -> None:
    before = trail.dependencies
    after = replace(before, chain_key=b"another key of the chain", former_chain_keys=[before.chain_key])
    changes = after.changes(directory_service)
    changes.run("acme", Actor(id="ann"), lambda change: change.record("CONFIGURATION", "x"))
    found = verifier_of(after).verify("acme")
    assert (kinds(found), found.events) == ([], EVENTS + 1)
    write_events(trail, 1)  # with the former key
    assert kinds(verifier_of(after).verify("acme")) == [("edited", EVENTS + 2)]


def test_events_of_a_key_that_is_not_known_are_told_apart_from_edited_ones(trail: World) -> None:
    """Its loss is no sign that somebody altered anything."""
    found = verifier_of(replace(trail.dependencies, chain_key=b"another key of the chain")).verify("acme")
    assert {kind for kind, sequence in kinds(found) if sequence is not None and sequence <= EVENTS} >= {"unknown-key"}
    assert "edited" not in {kind for kind, _ in kinds(found)}


def test_a_verification_over_http_is_recorded_and_names_what_is_wrong(trail: World) -> None:
    ann = trail.as_user("ann")
    path = "/v1/organisations/acme/audit/verifications"
    assert ann.post(path).json()["verified"] is True
    Tamperer(trail.engine).change(3, action={"S": "other"})
    shown = ann.post(path).json()
    assert (shown["verified"], [each["kind"] for each in shown["findings"]]) == (False, ["edited"])
    assert Tamperer(trail.engine).item(EVENTS + 1)["action"] == {"S": "audit.verify"}
    assert trail.as_user("eve").post(path).status_code == 404


def test_signed_heads_can_be_checked_with_the_public_key_that_is_shown(trail: World) -> None:
    import base64  # noqa: PLC0415

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    ann = trail.as_user("ann")
    (key,) = ann.get("/v1/audit/keys").json()["keys"]
    heads = ann.get("/v1/organisations/acme/audit/heads").json()["items"]
    assert [head["sequence"] for head in heads] == [10, 6]
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
    names = ("count", "digest", "organisationId", "sequence", "signedAt")
    for head in heads:
        assert head["keyId"] == key["kid"]
        public.verify(base64.b64decode(head["signature"]), orjson.dumps({name: head[name] for name in names}))


def test_one_organisations_trail_says_nothing_of_anothers(trail: World) -> None:
    trail.found("zeta", owner="bob")
    Tamperer(trail.engine).change(3, action={"S": "other"})
    assert verify(trail, "zeta").verified


def test_without_a_bucket_the_table_is_verified(trail: World) -> None:
    found = verifier_of(replace(trail.dependencies, bucket=None)).verify("acme")
    assert (found.verified, found.signed_sequence) == (True, None)
