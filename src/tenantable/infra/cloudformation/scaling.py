"""
Auto scaling of a table and its global indexes, when they are provisioned.

Source: CloudFormation's reference, AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy.
"""

from collections.abc import Iterator
from typing import Any

from tenantable.declare.tables import PhysicalTable, Table
from tenantable.infra.cloudformation.placeholders import pascal_case

Properties = dict[str, Any]

PROVISIONED = "IsProvisioned"
BILLING = "BillingMode"
UTILIZATION = "TargetUtilization"
KINDS = ("Read", "Write")
_UNITS_MIN = 5
_UNITS_MAX = 40_000


def scaling_parameters(table: Table) -> Properties:
    """
    How the table is billed, and between which units it is scaled.

    A global table is billed as it is declared, and scaled by itself.
    """
    declared = "PAY_PER_REQUEST" if table.billing is None else "PROVISIONED"
    parameters: Properties = {
        BILLING: {
            "Type": "String",
            "AllowedValues": [declared] if table.replicas else ["PAY_PER_REQUEST", "PROVISIONED"],
            "Default": declared,
            "Description": "PROVISIONED is scaled between the capacities below; the other ignores them.",
        }
    }
    if table.replicas:
        return parameters
    for kind in KINDS:
        verb = kind.lower()
        least = _least(table, kind)
        parameters[f"{kind}CapacityMin"] = _number(
            least, f"The least {verb} units a second, of the table and each index."
        )
        parameters[f"{kind}CapacityMax"] = _number(
            20 * least, f"The most {verb} units a second, of the table and each index."
        )
    parameters[UTILIZATION] = {
        **_number(70, "How much of the capacity should be in use, in percent."),
        "MinValue": 20,
        "MaxValue": 90,
    }
    return parameters


def _least(table: Table, kind: str) -> int:
    if table.billing is None:
        return _UNITS_MIN
    return table.billing.read_units if kind == "Read" else table.billing.write_units


def scaling_conditions() -> Properties:
    """Whether the table is provisioned."""
    return {PROVISIONED: {"Fn::Equals": [{"Ref": BILLING}, "PROVISIONED"]}}


def capacity() -> Properties:
    """The capacity that a table or index begins with; none when it is billed on demand."""
    units = {f"{kind}CapacityUnits": {"Ref": f"{kind}CapacityMin"} for kind in KINDS}
    return {"ProvisionedThroughput": {"Fn::If": [PROVISIONED, units, {"Ref": "AWS::NoValue"}]}}


def scaling_resources(physical: PhysicalTable, table: str) -> Iterator[tuple[str, Properties]]:
    """
    Two targets with a policy each for the table and for every global index.

    Args:
        table: The table's name within the template.
    """
    things = [("Table", "table", {"Fn::Join": ["/", ["table", {"Ref": table}]]})]
    for index in physical.table.indexes:
        if not index.local:
            place = index_place(table, physical.index_names[index.name])
            things.append((pascal_case(index.name), "index", place))
    for name, dimension, place in things:
        for kind in KINDS:
            yield from _scaled(f"{name}{kind}Scaling", kind, dimension=dimension, place=place)


def index_place(table: str, index: Any) -> Properties:
    """What auto scaling calls an index; its name may be an intrinsic function."""
    return {"Fn::Join": ["/", ["table", {"Ref": table}, "index", index]]}


def _scaled(name: str, kind: str, *, dimension: str, place: Properties) -> Iterator[tuple[str, Properties]]:
    target: Properties = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": place,
        "ScalableDimension": f"dynamodb:{dimension}:{kind}CapacityUnits",
        "MinCapacity": {"Ref": f"{kind}CapacityMin"},
        "MaxCapacity": {"Ref": f"{kind}CapacityMax"},
    }
    tracking = {
        "TargetValue": {"Ref": UTILIZATION},
        "PredefinedMetricSpecification": {"PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"},
        "ScaleInCooldown": 60,
        "ScaleOutCooldown": 60,
    }
    policy = {
        "PolicyName": name,
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": {"Ref": f"{name}Target"},
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    kinds = (("Target", "ScalableTarget", target), ("Policy", "ScalingPolicy", policy))
    for suffix, kind_of_resource, properties in kinds:
        yield (
            f"{name}{suffix}",
            {
                "Type": f"AWS::ApplicationAutoScaling::{kind_of_resource}",
                "Condition": PROVISIONED,
                "Properties": properties,
            },
        )


def _number(default: int, description: str) -> Properties:
    limits = {"MinValue": 1, "MaxValue": _UNITS_MAX}
    return {"Type": "Number", **limits, "Default": min(default, _UNITS_MAX), "Description": description}
