"""Metric alarms."""

from collections.abc import Mapping
from typing import Any

from tenantable.aws.calls import Answer, Call, Moment
from tenantable.aws.pages import page
from tenantable.aws.refusals import Refusal
from tenantable.aws.tags import add_tags, read_tags, remove_tags, shown_tags

ALARM = "cloudwatch/alarm"
NAME_MAX = 255
PAGE_MAX = 100
STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
_TEXTS = (
    "AlarmDescription", "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Unit", "ComparisonOperator",
    "TreatMissingData", "EvaluateLowSampleCountPercentile", "ThresholdMetricId",
)  # fmt: skip
_WHOLE = ("Period", "EvaluationPeriods", "DatapointsToAlarm")
_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_NUMBER_MAX = 1e300


def put_alarm(call: Call) -> Answer:
    name = alarm_name(call)
    before = call.records.find(ALARM, name)
    if call.optional_text("ComparisonOperator") is None or call.parameters.get("EvaluationPeriods") is None:
        raise call.invalid("ComparisonOperator and EvaluationPeriods are required")
    if (call.optional_text("MetricName") is None) == (not call.structures("Metrics")):
        raise call.invalid("An alarm watches either a metric or an expression of Metrics")
    alarm: dict[str, Any] = {
        "AlarmName": name,
        **{member: call.optional_text(member) for member in _TEXTS},
        **{member: _whole(call, member) for member in _WHOLE},
        **{member: call.texts(member, limit=5) for member in _ACTIONS},
        "Threshold": call.optional_number("Threshold", least=-_NUMBER_MAX, most=_NUMBER_MAX),
        "ActionsEnabled": call.flag("ActionsEnabled", True),
        "Dimensions": [_texts_of(call, each, ("Name", "Value")) for each in call.structures("Dimensions", limit=30)],
        "Metrics": [_metric(each) for each in call.structures("Metrics", limit=20)],
        "Updated": call.now,
        "State": before["State"] if before else "INSUFFICIENT_DATA",
        "StateReason": before["StateReason"] if before else "Unchecked: Initial alarm creation",
        "StateUpdated": before["StateUpdated"] if before else call.now,
        "Tags": before["Tags"] if before else {},
    }
    if before is None:
        add_tags(alarm, read_tags(call))
    call.records.put(ALARM, name, alarm)
    return None


def describe_alarms(call: Call) -> Answer:
    names, beginning = call.texts("AlarmNames", limit=100), call.optional_text("AlarmNamePrefix", limit=NAME_MAX) or ""
    kinds, state = call.texts("AlarmTypes"), call.optional_text("StateValue")
    named = (
        (name, alarm)
        for name, alarm in call.records.all(ALARM, beginning)
        if (not names or name in names) and (not kinds or "MetricAlarm" in kinds) and state in {None, alarm["State"]}
    )
    shown, token = page(call, named, cursor="NextToken", limit="MaxRecords", most=PAGE_MAX)
    return {"MetricAlarms": [_shown(call, alarm) for alarm in shown], "CompositeAlarms": [], "NextToken": token}


def delete_alarms(call: Call) -> Answer:
    for name in call.texts("AlarmNames", limit=100):
        if not call.records.remove(ALARM, name):
            raise Refusal("ResourceNotFound", f"The alarm {name} does not exist", status=404)
    return None


def enable_actions(call: Call) -> Answer:
    for name in call.texts("AlarmNames", limit=100):
        alarm = call.records.find(ALARM, name)
        if alarm is not None:
            call.records.put(ALARM, name, alarm | {"ActionsEnabled": call.action == "EnableAlarmActions"})
    return None


def set_state(call: Call) -> Answer:
    name = alarm_name(call)
    alarm = call.records.find(ALARM, name)
    if alarm is None:
        raise Refusal("ResourceNotFound", f"The alarm {name} does not exist", status=404)
    state = call.choice("StateValue", STATES, "")
    if not state:
        raise call.invalid("StateValue is required")
    reason = call.text("StateReason", limit=1023)
    call.records.put(ALARM, name, alarm | {"State": state, "StateReason": reason, "StateUpdated": call.now})
    return None


def tag_alarm(call: Call) -> Answer:
    alarm = _tagged(call)
    add_tags(alarm, read_tags(call))
    call.records.put(ALARM, alarm["AlarmName"], alarm)
    return {}


def untag_alarm(call: Call) -> Answer:
    alarm = _tagged(call)
    remove_tags(alarm, call.texts("TagKeys"))
    call.records.put(ALARM, alarm["AlarmName"], alarm)
    return {}


def list_tags(call: Call) -> Answer:
    return {"Tags": shown_tags(_tagged(call))}


def alarm_name(call: Call) -> str:
    return call.text("AlarmName", limit=NAME_MAX)


def alarm_arn(call: Call) -> str:
    """For policies: the ARN of the alarm that a call names, of all where it names none or several."""
    names = call.texts("AlarmNames", limit=100)
    name = call.optional_text("AlarmName") or (names[0] if len(names) == 1 else "*")
    return arn_of(call, name)


def tagged_arn(call: Call) -> str:
    return call.text("ResourceARN", limit=2048)


def arn_of(call: Call, name: str) -> str:
    return f"arn:aws:cloudwatch:{call.home.region}:{call.home.account_id}:alarm:{name}"


def _tagged(call: Call) -> dict[str, Any]:
    arn = tagged_arn(call)
    alarm = call.records.find(ALARM, arn.partition(":alarm:")[2])
    if alarm is None:
        raise Refusal("ResourceNotFoundException", f"Unknown resource {arn}", status=404)
    return alarm


def _whole(call: Call, member: str) -> int | None:
    number = call.optional_number(member, least=1, most=86_400)
    return None if number is None else int(number)


def _texts_of(call: Call, given: Mapping[str, Any], members: tuple[str, ...]) -> dict[str, str]:
    if not all(isinstance(given.get(member), str) for member in members):
        raise call.invalid(f"A dimension has {' and '.join(members)}")
    return {member: given[member] for member in members}


def _metric(given: Any) -> Any:
    """One of `Metrics`, with the numbers and flags that are text in a query."""
    if isinstance(given, list):
        return [_metric(each) for each in given]
    if not isinstance(given, Mapping):
        return given
    settled = {name: _metric(value) for name, value in given.items()}
    if isinstance(settled.get("Period"), str) and settled["Period"].isdigit():
        settled["Period"] = int(settled["Period"])
    if settled.get("ReturnData") in ("true", "false"):
        settled["ReturnData"] = settled["ReturnData"] == "true"
    return settled


def _shown(call: Call, alarm: Mapping[str, Any]) -> dict[str, Any]:
    members = ("AlarmName", *_TEXTS, *_WHOLE, *_ACTIONS, "Threshold", "ActionsEnabled", "Dimensions")
    return {
        **{member: alarm[member] for member in members},
        "Metrics": alarm["Metrics"] or None,
        "AlarmArn": arn_of(call, alarm["AlarmName"]),
        "AlarmConfigurationUpdatedTimestamp": Moment(alarm["Updated"]),
        "StateValue": alarm["State"],
        "StateReason": alarm["StateReason"],
        "StateUpdatedTimestamp": Moment(alarm["StateUpdated"]),
        "StateTransitionedTimestamp": Moment(alarm["StateUpdated"]),
    }
