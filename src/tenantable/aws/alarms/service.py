"""CloudWatch as the endpoint has it: its alarms."""

from tenantable.aws.alarms import alarms
from tenantable.aws.calls import Action, Service

_ON_ALARMS = {
    "PutMetricAlarm": alarms.put_alarm,
    "DescribeAlarms": alarms.describe_alarms,
    "DeleteAlarms": alarms.delete_alarms,
    "EnableAlarmActions": alarms.enable_actions,
    "DisableAlarmActions": alarms.enable_actions,
    "SetAlarmState": alarms.set_state,
}

ALARMS = Service(
    name="cloudwatch",
    signing_name="monitoring",
    protocols=("query", "json", "cbor"),
    namespace="http://monitoring.amazonaws.com/doc/2010-08-01/",
    target="GraniteServiceVersion20100801",
    invalid="ValidationError",
    limit_exceeded="LimitExceededFault",
    actions={
        **{name: Action(run=run, resource=alarms.alarm_arn) for name, run in _ON_ALARMS.items()},
        "TagResource": Action(run=alarms.tag_alarm, resource=alarms.tagged_arn),
        "UntagResource": Action(run=alarms.untag_alarm, resource=alarms.tagged_arn),
        "ListTagsForResource": Action(run=alarms.list_tags, resource=alarms.tagged_arn),
    },
)
