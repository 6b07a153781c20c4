"""
ReplicaUpdates: the regions that a table is replicated to, version 2019.11.21 of global tables.

A replica is kept and described, and is active at once. Nothing is copied: `accounts/replicas.py` answers in its region.
Source: API reference, UpdateTable and ReplicaDescription; Developer Guide, "How DynamoDB global tables work"; for the
words of errors what users quote: aws/aws-cli, issue 4906; hashicorp/terraform-provider-aws, issues 17422 and 34450.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tenantable.engine.tables.encryption import has_own_key
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError, invalid_parameter_values, validation_error

_ACTIONS = ("Create", "Update", "Delete")
_VIEW_TYPE = "NEW_AND_OLD_IMAGES"
_STRONG = "STRONG"
_STRONG_REGIONS = 3
_KEPT = ("KMSMasterKeyId", "ProvisionedThroughputOverride", "OnDemandThroughputOverride", "GlobalSecondaryIndexes")
_OF_GLOBAL_TABLES = ("Replicas", "GlobalTableVersion", "MultiRegionConsistency", "GlobalTableWitnesses")

Replicas = dict[str, dict[str, Any]]
"""The descriptions of replicas by region."""


def change_replicas(request: Mapping[str, Any], options: Mapping[str, Any], home: Home) -> dict[str, Any]:
    """
    The options of a table after an UpdateTable request.

    Raises:
        DynamoError: ValidationException for an action that does not fit the replicas there are.
    """
    updates, witnesses = request.get("ReplicaUpdates") or (), request.get("GlobalTableWitnessUpdates") or ()
    consistency = request.get("MultiRegionConsistency")
    if not updates and not witnesses and consistency is None:
        return dict(options)
    creates = any(update.get("Create") is not None for update in updates)
    if consistency is not None and (not creates or "Replicas" in options):
        raise invalid_parameter_values(
            "MultiRegionConsistency can only be specified with the first replicas of a table"
        )
    consistency = consistency or options.get("MultiRegionConsistency") or "EVENTUAL"
    replicas = {replica["RegionName"]: replica for replica in options.get("Replicas", ())}
    for update in updates:
        _carry_out(update, replicas, options, home)
    witness = _change_witnesses(witnesses, options)
    if consistency == _STRONG and replicas:
        _check_strong_regions(replicas, witness)
    elif witness and replicas:
        raise invalid_parameter_values("A witness belongs to a global table with MultiRegionConsistency STRONG")
    after = {name: value for name, value in options.items() if name not in _OF_GLOBAL_TABLES}
    if not replicas:
        return after
    if consistency != _STRONG:
        after |= _with_stream(after)
    return after | {
        "Replicas": list(replicas.values()),
        "GlobalTableVersion": "2019.11.21",
        "MultiRegionConsistency": consistency,
        **({"GlobalTableWitnesses": witness} if witness else {}),
    }


def refuse_stream_of_replicas(options: Mapping[str, Any]) -> None:
    """Refuse to disable the stream that replication to other regions reads."""
    if "Replicas" in options and options.get("MultiRegionConsistency") != _STRONG:
        raise invalid_parameter_values("Disabling Stream is not allowed for a Global Table replica.")


def show_pending_replicas(description: dict[str, Any], request: Mapping[str, Any]) -> None:
    """What the answer of an UpdateTable says of the replicas that it has just created or changed."""
    pending = {"Create": "CREATING", "Update": "UPDATING"}
    for update in request.get("ReplicaUpdates") or ():
        for action, status in pending.items():
            for replica in description.get("Replicas", ()):
                if update.get(action) is not None and update[action]["RegionName"] == replica["RegionName"]:
                    replica["ReplicaStatus"] = status


def _carry_out(update: Mapping[str, Any], replicas: Replicas, options: Mapping[str, Any], home: Home) -> None:
    given = [action for action in _ACTIONS if update.get(action) is not None]
    if update.get("Disassociate") is not None:
        raise validation_error("Disassociate is not supported here: delete the replica")
    if len(given) != 1:
        raise invalid_parameter_values("Exactly one of Create, Update and Delete must be specified for a replica")
    action, member = given[0], update[given[0]]
    region = member["RegionName"]
    if region == home.region:
        raise validation_error(
            "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or "
            "UpdateTable as required."
        )
    if action == "Create":
        if region in replicas:
            raise validation_error(f"Replica specified in the Replica Create action of the request exists: {region}")
        if has_own_key(options, home) and member.get("KMSMasterKeyId") is None:
            raise invalid_parameter_values("KMSMasterKeyId must be specified for each replica.")
        replicas[region] = _described(member, {"RegionName": region, "ReplicaStatus": "ACTIVE"})
        return
    if region not in replicas:
        raise validation_error(
            "Replica specified in the Replica Update or Replica Delete action of the request was not found."
        )
    if action == "Delete":
        del replicas[region]
    else:
        replicas[region] = _described(member, replicas[region])


def _described(member: Mapping[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    kept = {name: member[name] for name in _KEPT if member.get(name) is not None}
    if member.get("TableClassOverride") is not None:
        kept["ReplicaTableClassSummary"] = {"TableClass": member["TableClassOverride"]}
    return before | kept


def _change_witnesses(updates: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> list[dict[str, str]]:
    """The witness of a table whose replicas are strongly consistent: one region at most."""
    witnesses: list[dict[str, str]] = list(options.get("GlobalTableWitnesses", ()))
    if len(updates) > 1:
        raise invalid_parameter_values("Only one witness can be created or deleted in a request")
    for update in updates:
        if update.get("Create") is not None:
            if witnesses:
                raise invalid_parameter_values("A global table has one witness at most")
            witnesses = [{"RegionName": update["Create"]["RegionName"], "WitnessStatus": "ACTIVE"}]
        elif update.get("Delete") is not None:
            if [witness["RegionName"] for witness in witnesses] != [update["Delete"]["RegionName"]]:
                raise validation_error("Witness specified in the Delete action of the request was not found.")
            witnesses = []
    return witnesses


def _check_strong_regions(replicas: Replicas, witnesses: Sequence[Mapping[str, str]]) -> None:
    if 1 + len(replicas) + len(witnesses) != _STRONG_REGIONS:
        raise invalid_parameter_values(
            "A global table with MultiRegionConsistency STRONG has three regions: two replicas, or one and a witness"
        )


def _with_stream(options: Mapping[str, Any]) -> dict[str, Any]:
    """Replication reads a stream of both images; it is enabled where there is none."""
    stream = options.get("StreamSpecification") or {"StreamEnabled": True, "StreamViewType": _VIEW_TYPE}
    if stream["StreamViewType"] != _VIEW_TYPE:
        raise _wrong_view_type()
    return {"StreamSpecification": stream}


def _wrong_view_type() -> DynamoError:
    return invalid_parameter_values(
        f"Table needs a stream with StreamViewType {_VIEW_TYPE} to have replicas; disable the one that it has first"
    )
