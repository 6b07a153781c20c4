"""
Alarms on a table: requests that are throttled, errors of the service, and capacity that runs out.

Errors are counted by operation, and summed here. Source: DynamoDB's developer guide, "DynamoDB metrics and dimensions".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tenantable.declare.tables import PhysicalTable
from tenantable.infra.cloudformation.placeholders import pascal_case
from tenantable.infra.cloudformation.scaling import KINDS, PROVISIONED

Properties = dict[str, Any]

ENABLED, TOPIC = "EnableAlarms", "AlarmTopicArn"
ALARMED, TOLD, ALARMED_PROVISIONED, ALARMED_ON_DEMAND = "HasAlarms", "HasTopic", "HasUseAlarms", "HasUnitAlarms"
_OPERATIONS = (
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "BatchWriteItem",
    "TransactGetItems",
    "TransactWriteItems",
)
_NAMESPACE = "AWS/DynamoDB"
_MINUTE = 60
_USED_PERCENT_MAX = 90
_PERIODS = 5


def alarm_parameters() -> Properties:
    """Whether there are alarms, who is told, and how much use is too much."""
    units = {
        f"{kind}UnitsExpected": {
            "Type": "Number",
            "MinValue": 1,
            "Default": 1000,
            "Description": f"Billed on demand, more {kind.lower()} units a second than this raise an alarm.",
        }
        for kind in KINDS
    }
    return {
        ENABLED: {
            "Type": "String",
            "AllowedValues": ["true", "false"],
            "Default": "false",
            "Description": "Whether throttling, errors and capacity raise alarms.",
        },
        TOPIC: {
            "Type": "String",
            "Default": "",
            "Description": "ARN of the SNS topic that alarms are sent to. Empty: nobody is told.",
        },
        **units,
    }


def alarm_conditions() -> Properties:
    """Which alarms there are."""
    return {
        ALARMED: {"Fn::Equals": [{"Ref": ENABLED}, "true"]},
        TOLD: {"Fn::Not": [{"Fn::Equals": [{"Ref": TOPIC}, ""]}]},
        ALARMED_PROVISIONED: {"Fn::And": [{"Condition": ALARMED}, {"Condition": PROVISIONED}]},
        ALARMED_ON_DEMAND: {"Fn::And": [{"Condition": ALARMED}, {"Fn::Not": [{"Condition": PROVISIONED}]}]},
    }


def alarm_resources(physical: PhysicalTable, table: str) -> Iterator[tuple[str, Properties]]:
    """
    Args:
        table: The table's name within the template.
    """
    ref = {"Ref": table}
    dimensions: list[Properties] = [{"Name": "TableName", "Value": ref}]
    for kind in KINDS:
        yield f"{kind}ThrottleAlarm", _throttling(ref, f"{kind}ThrottleEvents", dimensions)
        for index in physical.table.indexes:
            if not index.local:
                of_index = [
                    *dimensions,
                    {"Name": "GlobalSecondaryIndexName", "Value": physical.index_names[index.name]},
                ]
                name = f"{pascal_case(index.name)}{kind}ThrottleAlarm"
                yield name, _throttling(ref, f"{kind}ThrottleEvents", of_index)
    yield "SystemErrorAlarm", _errors(ref, dimensions)
    for kind in KINDS:
        yield f"{kind}CapacityAlarm", _use(ref, kind, dimensions)
        yield f"{kind}UnitsAlarm", _units(ref, kind, dimensions)


def _alarm(condition: str, description: str, ref: Properties, members: Mapping[str, Any]) -> Properties:
    actions = {"Fn::If": [TOLD, [{"Ref": TOPIC}], {"Ref": "AWS::NoValue"}]}
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Condition": condition,
        "Properties": {
            "AlarmDescription": {"Fn::Sub": description.replace("TABLE", f"${{{ref['Ref']}}}")},
            **members,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": actions,
            "OKActions": actions,
        },
    }


def _throttling(ref: Properties, metric: str, dimensions: list[Properties]) -> Properties:
    members = {
        "Namespace": _NAMESPACE,
        "MetricName": metric,
        "Dimensions": dimensions,
        "Statistic": "Sum",
        "Period": _MINUTE,
        "EvaluationPeriods": _PERIODS,
        "DatapointsToAlarm": 2,
        "Threshold": 0,
    }
    return _alarm(ALARMED, "Requests to TABLE are throttled.", ref, members)


def _errors(ref: Properties, dimensions: list[Properties]) -> Properties:
    metrics = [
        _metric(f"m{number}", "SystemErrors", [*dimensions, {"Name": "Operation", "Value": operation}], statistic="Sum")
        for number, operation in enumerate(_OPERATIONS)
    ]
    # A metric without data is none, and not zero.
    summed = " + ".join(f"FILL({metric['Id']}, 0)" for metric in metrics)
    members = {"Metrics": [_expression(summed), *metrics], "EvaluationPeriods": _PERIODS, "Threshold": 0}
    return _alarm(ALARMED, "DynamoDB answers requests to TABLE with errors of its own.", ref, members)


def _use(ref: Properties, kind: str, dimensions: list[Properties]) -> Properties:
    metrics = [
        _metric("used", f"Consumed{kind}CapacityUnits", dimensions, statistic="Sum"),
        _metric("given", f"Provisioned{kind}CapacityUnits", dimensions, statistic="Average"),
    ]
    expression = _expression("100 * (used / PERIOD(used)) / given")
    members = {"Metrics": [expression, *metrics], "EvaluationPeriods": _PERIODS, "Threshold": _USED_PERCENT_MAX}
    description = f"More than {_USED_PERCENT_MAX} % of the {kind.lower()} capacity of TABLE is used."
    return _alarm(ALARMED_PROVISIONED, description, ref, members)


def _units(ref: Properties, kind: str, dimensions: list[Properties]) -> Properties:
    metrics = [_metric("used", f"Consumed{kind}CapacityUnits", dimensions, statistic="Sum")]
    members = {
        "Metrics": [_expression("used / PERIOD(used)"), *metrics],
        "EvaluationPeriods": _PERIODS,
        "Threshold": {"Ref": f"{kind}UnitsExpected"},
    }
    return _alarm(ALARMED_ON_DEMAND, f"TABLE uses more {kind.lower()} units than expected.", ref, members)


def _metric(name: str, metric: str, dimensions: list[Properties], *, statistic: str) -> Properties:
    measured = {"Namespace": _NAMESPACE, "MetricName": metric, "Dimensions": dimensions}
    return {
        "Id": name,
        "MetricStat": {"Metric": measured, "Period": _MINUTE, "Stat": statistic},
        "ReturnData": False,
    }


def _expression(expression: str) -> Properties:
    return {"Id": "alarmed", "Expression": expression, "ReturnData": True}
