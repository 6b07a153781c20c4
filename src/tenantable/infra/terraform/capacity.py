"""`scaling.tf` and `alarms.tf`: capacity that follows the load, and alarms where it does not suffice."""

from collections.abc import Iterator

from tenantable.declare.resources import Queue
from tenantable.declare.tables import Index, Table
from tenantable.infra.terraform.hcl import Argument, Block, Expression, arguments, literal, separated, template
from tenantable.infra.terraform.names import DeclaredNames, identifier
from tenantable.infra.terraform.resources import resource_labels
from tenantable.infra.terraform.sections import Section
from tenantable.infra.terraform.tables import scaled_kinds
from tenantable.infra.terraform.variables import variable

_MINUTE_SECONDS = 60
_TAGS = Argument("tags", Expression("local.common_tags"))


def scaling_section(names: DeclaredNames) -> Section | None:
    """Scaling of every provisioned table that declares it, and of its global indexes; None where there is none."""
    blocks = [
        block
        for table in names.system.tables
        for kind, least, most in scaled_kinds(table.billing)
        for index in (None, *(index for index in table.indexes if not index.local))
        for block in _scaling(names, table, index, (kind, least, most))
    ]
    return Section(file="scaling.tf", title="Capacity that follows the load", blocks=blocks) if blocks else None


def _scaling(names: DeclaredNames, table: Table, index: Index | None, range_: tuple[str, int, int]) -> Iterator[Block]:
    kind, least, most = range_
    subject = names.tables[table.name] + ("" if index is None else f"_{identifier(index.name)}")
    label = f"{subject}_{kind}"
    own: list[str | Expression] = [] if index is None else ["/index/", names.index(table, index)]
    dimension = f"dynamodb:{'table' if index is None else 'index'}:{kind.capitalize()}CapacityUnits"
    target = arguments(
        service_namespace="dynamodb",
        resource_id=template("table/", names.resource(table, "name"), *own),
        scalable_dimension=dimension,
        min_capacity=least,
        max_capacity=most,
    )
    yield Block("resource", "aws_appautoscaling_target", label, body=[*target, _TAGS])
    of = f"aws_appautoscaling_target.{label}"
    metric = arguments(predefined_metric_type=f"DynamoDB{kind.capitalize()}CapacityUtilization")
    billing = table.billing
    assert billing is not None, "only provisioned tables are scaled"
    tracking = separated(
        [
            arguments(target_value=billing.target_percent),
            [Block("predefined_metric_specification", body=metric)],
        ]
    )
    policy = arguments(
        name=template(f"{kind}-utilization:", Expression(f"{of}.resource_id")),
        policy_type="TargetTrackingScaling",
        service_namespace=Expression(f"{of}.service_namespace"),
        resource_id=Expression(f"{of}.resource_id"),
        scalable_dimension=Expression(f"{of}.scalable_dimension"),
    )
    configuration = Block("target_tracking_scaling_policy_configuration", body=tracking)
    yield Block("resource", "aws_appautoscaling_policy", label, body=separated([policy, [configuration]]))


def alarm_section(names: DeclaredNames) -> Section:
    """Alarms on throttled requests of every table, and on messages that became dead letters."""
    blocks = [_throttle_alarm(names, kind) for kind in ("Read", "Write")]
    targets = {queue.dead_letters.name for queue in _queues(names) if queue.dead_letters is not None}
    letters = [queue for queue in _queues(names) if queue.name in targets]
    blocks += [_dead_letter_alarm(names, queue) for queue in letters]
    variables = [
        variable("enable_alarms", "Create alarms on throttled requests and on dead letters", "bool", default=[False]),
        variable("alarm_actions", "ARNs of what an alarm tells, such as an SNS topic", "list(string)", default=[[]]),
    ]
    return Section(file="alarms.tf", title="Alarms", blocks=blocks, variables=variables)


def _queues(names: DeclaredNames) -> list[Queue]:
    return [resource for resource in names.system.resources if isinstance(resource, Queue)]


def _throttle_alarm(names: DeclaredNames, kind: str) -> Block:
    single = names.system.tables[0].name if names.single else ""
    tables = f"{{ {literal(single)} = local.table_name }}" if names.single else "local.table_names"
    head = [Argument("for_each", Expression(f"var.enable_alarms ? {tables} : {{}}"))]
    body = arguments(
        alarm_name=template(Expression("each.value"), f"-{kind.lower()}-throttles"),
        alarm_description=f"{kind}s of the table are throttled",
        namespace="AWS/DynamoDB",
        metric_name=f"{kind}ThrottleEvents",
        dimensions={"TableName": Expression("each.value")},
    )
    label = f"{kind.lower()}_throttles"
    return Block("resource", "aws_cloudwatch_metric_alarm", label, body=separated([head, body, _exceeds_zero()]))


def _dead_letter_alarm(names: DeclaredNames, queue: Queue) -> Block:
    label = resource_labels(names)["sqs", queue.name]
    name = Expression(f"aws_sqs_queue.{label}.name")
    head = [Argument("count", Expression("var.enable_alarms ? 1 : 0"))]
    body = arguments(
        alarm_name=template(name, "-dead-letters"),
        alarm_description="Messages could not be handled and wait for a person",
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": name},
    )
    return Block("resource", "aws_cloudwatch_metric_alarm", label, body=separated([head, body, _exceeds_zero()]))


def _exceeds_zero() -> list[Argument]:
    values = {
        "statistic": "Sum",
        "period": _MINUTE_SECONDS,
        "evaluation_periods": 1,
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 0,
        "treat_missing_data": "notBreaching",
        "alarm_actions": Expression("var.alarm_actions"),
        "ok_actions": Expression("var.alarm_actions"),
    }
    return [*(Argument(name, value) for name, value in values.items()), _TAGS]
