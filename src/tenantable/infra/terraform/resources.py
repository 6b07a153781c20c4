"""Queues, keys, parameters, buckets and event buses of a system."""

from collections.abc import Iterator
from typing import Any

from tenantable.declare.resources import Bucket, EncryptionKey, EventBus, Parameter, ParameterTree, Queue, Resource
from tenantable.infra.buckets import LIFECYCLE_RULE, UNCHECKED, UPLOAD_DAYS, tls_only
from tenantable.infra.terraform.hcl import (
    Argument,
    Block,
    Call,
    Comment,
    Expression,
    Part,
    arguments,
    embedded,
    separated,
    template,
)
from tenantable.infra.terraform.names import DeclaredNames, identifiers
from tenantable.infra.terraform.outputs import output
from tenantable.infra.terraform.sections import Section
from tenantable.infra.terraform.tables import encryption_key

_TAGS = Argument("tags", Expression("local.common_tags"))
_KEY_WAIT_DAYS = 30


def resource_labels(names: DeclaredNames) -> dict[tuple[str, str], str]:
    """The identifier of each resource that the module makes, by service and logical name."""
    labels: dict[tuple[str, str], str] = {}
    for service in sorted({resource.service for resource in names.system.resources}):
        made = [each for each in names.system.resources if each.service == service and not _is_tree(each)]
        found = identifiers(resource.name for resource in made)
        labels |= {(service, name): label for name, label in found.items()}
    return labels


def _is_tree(resource: Resource) -> bool:
    # What stands below a path comes and goes with the system's own work.
    return isinstance(resource, ParameterTree)


def resource_sections(names: DeclaredNames) -> Iterator[Section]:
    """A section for each kind of resource that the system has."""
    labels = resource_labels(names)

    def labelled(kind: type[Any]) -> list[tuple[str, Any]]:
        found = [resource for resource in names.system.resources if isinstance(resource, kind)]
        return [(labels[resource.service, resource.name], resource) for resource in found]

    if queues := labelled(Queue):
        yield _queue_section(names, queues)
    if keys := labelled(EncryptionKey):
        yield _key_section(names, keys)
    if parameters := labelled(Parameter):
        yield _parameter_section(names, parameters)
    if buckets := labelled(Bucket):
        yield _bucket_section(names, buckets)
    if buses := labelled(EventBus):
        yield _bus_section(names, buses)


def _queue_section(names: DeclaredNames, queues: list[tuple[str, Queue]]) -> Section:
    blocks: list[Block] = []
    label_of = {queue.name: label for label, queue in queues}
    for label, queue in queues:
        blocks.append(_queue(names, label, queue, label_of))
        senders = [other for other, each in queues if each.dead_letters is not None and each.dead_letters == queue]
        if senders:
            blocks.append(_redrive_allowance(label, senders))
    urls = {queue.name: Expression(f"aws_sqs_queue.{label}.url") for label, queue in queues}
    arns = {queue.name: Expression(f"aws_sqs_queue.{label}.arn") for label, queue in queues}
    outputs = [
        output("queue_urls", "URLs of the queues, by logical name", urls),
        output("queue_arns", "ARNs of the queues, by logical name", arns),
    ]
    return Section(file="queues.tf", title="Queues", blocks=blocks, outputs=outputs)


def _queue(names: DeclaredNames, label: str, queue: Queue, label_of: dict[str, str]) -> Block:
    body: list[Part] = [
        Argument("name", names.resource_style(queue)),
        *arguments(
            visibility_timeout_seconds=queue.visibility_seconds,
            message_retention_seconds=queue.retention_seconds,
            sqs_managed_sse_enabled=True,
        ),
    ]
    redrive: list[Part] = []
    if queue.dead_letters is not None:
        target = label_of.get(queue.dead_letters.name)
        arn = _queue_elsewhere(names, queue.dead_letters) if target is None else f"aws_sqs_queue.{target}.arn"
        letters = {"deadLetterTargetArn": Expression(arn), "maxReceiveCount": queue.receives_max}
        redrive = [Argument("redrive_policy", Call("jsonencode", letters))]
    return Block("resource", "aws_sqs_queue", label, body=separated([body, redrive, [_TAGS]]))


def _queue_elsewhere(names: DeclaredNames, queue: Queue) -> str:
    """The ARN of a queue that somebody else makes."""
    place = ("local.partition", ":sqs:", "local.region", ":", "local.account_id", ":")
    pieces = [Expression(piece) if piece.startswith("local.") else piece for piece in place]
    return template("arn:", *pieces, *embedded(names.resource_style(queue))).text


def _redrive_allowance(label: str, senders: list[str]) -> Block:
    """Only the queues that name it may hand their dead letters to this one."""
    sources = [Expression(f"aws_sqs_queue.{sender}.arn") for sender in senders]
    policy = Call("jsonencode", {"redrivePermission": "byQueue", "sourceQueueArns": sources})
    url = Expression(f"aws_sqs_queue.{label}.id")
    body = arguments(queue_url=url, redrive_allow_policy=policy)
    return Block("resource", "aws_sqs_queue_redrive_allow_policy", label, body=body)


def _key_section(names: DeclaredNames, keys: list[tuple[str, EncryptionKey]]) -> Section:
    blocks: list[Block] = []
    for label, key in keys:
        described = key.description or f"{key.name} of {names.system.name}"
        body = separated(
            [
                arguments(description=described, deletion_window_in_days=_KEY_WAIT_DAYS, enable_key_rotation=True),
                _key_policy(names),
                [_TAGS],
            ]
        )
        alias = arguments(name=names.resource_style(key), target_key_id=Expression(f"aws_kms_key.{label}.key_id"))
        blocks += [
            Block("resource", "aws_kms_key", label, body=body),
            Block("resource", "aws_kms_alias", label, body=alias),
        ]
    arns = {key.name: Expression(f"aws_kms_key.{label}.arn") for label, key in keys}
    aliases = {key.name: Expression(f"aws_kms_alias.{label}.name") for label, key in keys}
    outputs = [
        output("key_arns", "ARNs of the KMS keys, by logical name", arns),
        output("key_aliases", "Aliases of the KMS keys, by logical name", aliases),
    ]
    return Section(file="keys.tf", title="Encryption keys", blocks=blocks, outputs=outputs)


def _key_policy(names: DeclaredNames) -> list[Part]:
    """The account may administer the key; who may use it is said in the policies of roles. This is KMS's default."""
    if any(encryption_key(names, table) is not None for table in names.system.tables):
        return []  # the account is known from a table's ARN, and a table that needs the key cannot come before it
    root = template("arn:", Expression("local.partition"), ":iam::", Expression("local.account_id"), ":root")
    statement = {
        "Sid": "AdministerByPoliciesOfTheAccount",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "kms:*",
        "Resource": "*",
    }
    return [Argument("policy", Call("jsonencode", {"Version": "2012-10-17", "Statement": [statement]}))]


def _parameter_section(names: DeclaredNames, parameters: list[tuple[str, Parameter]]) -> Section:
    blocks = [_parameter(names, label, parameter) for label, parameter in parameters]
    shown = {parameter.name: Expression(f"aws_ssm_parameter.{label}.name") for label, parameter in parameters}
    outputs = [output("parameter_names", "Names of the parameters, by logical name", shown)]
    return Section(file="parameters.tf", title="Parameters that others find things by", blocks=blocks, outputs=outputs)


def _parameter(names: DeclaredNames, label: str, parameter: Parameter) -> Block:
    """The text is no secret. It is encrypted all the same, so that one rule holds for every parameter."""
    table = parameter.of
    values: dict[str, Any] = {
        "name": names.resource(table, "name"),
        "arn": names.resource(table, "arn"),
        "stream-arn": names.resource(table, "stream_arn"),
        "dedicated-billing-mode": Expression(f"var.default_private_{_called(table)}_billing_mode"),
    }
    body = [
        Argument("name", names.resource_style(parameter)),
        *arguments(
            description=parameter.description or f"{parameter.fact} of the table {table.name}",
            type="SecureString",
            key_id=Expression('var.kms_key_arn == null ? "alias/aws/ssm" : var.kms_key_arn'),
            value=values[parameter.fact],
        ),
        _TAGS,
    ]
    return Block("resource", "aws_ssm_parameter", label, body=body)


def _called(table: Any) -> str:
    return "tenant" if table.tenancy is None else str(table.tenancy.called)


def _bucket_section(names: DeclaredNames, buckets: list[tuple[str, Bucket]]) -> Section:
    blocks = [block for label, bucket in buckets for block in _bucket(names, label, bucket)]
    shown = {bucket.name: Expression(f"aws_s3_bucket.{label}.bucket") for label, bucket in buckets}
    outputs = [output("bucket_names", "Names of the buckets, by logical name", shown)]
    return Section(file="buckets.tf", title="Buckets", blocks=blocks, outputs=outputs)


def _bucket(names: DeclaredNames, label: str, bucket: Bucket) -> Iterator[Block]:
    """A bucket that is closed to the public and to plain HTTP, keeps versions and encrypts."""
    itself = Expression(f"aws_s3_bucket.{label}.id")
    body: list[Part] = [Argument("bucket", names.resource_style(bucket)), _TAGS]
    skipped = [Comment(f"checkov:skip={rule}: {reason}", wide=True) for rule, reason in UNCHECKED.items()]
    yield Block("resource", "aws_s3_bucket", label, body=separated([skipped, body]))
    closed = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    body = [*arguments(bucket=itself), *(Argument(name, value=True) for name in closed)]
    yield Block("resource", "aws_s3_bucket_public_access_block", label, body=body)
    versions = Block("versioning_configuration", body=arguments(status="Enabled"))
    yield Block("resource", "aws_s3_bucket_versioning", label, body=separated([arguments(bucket=itself), [versions]]))
    yield _bucket_encryption(label, itself)
    yield _bucket_lifecycle(label, itself)
    yield _bucket_policy(label, itself)


def _bucket_encryption(label: str, itself: Expression) -> Block:
    encryption = Block(
        "apply_server_side_encryption_by_default",
        body=arguments(sse_algorithm="aws:kms", kms_master_key_id=Expression("var.kms_key_arn")),
    )
    rule = Block("rule", body=separated([arguments(bucket_key_enabled=True), [encryption]]))
    body = separated([arguments(bucket=itself), [rule]])
    return Block("resource", "aws_s3_bucket_server_side_encryption_configuration", label, body=body)


def _bucket_lifecycle(label: str, itself: Expression) -> Block:
    """No object goes and no version of one: only parts of uploads that nobody completed."""
    parts = Block("abort_incomplete_multipart_upload", body=arguments(days_after_initiation=UPLOAD_DAYS))
    heading = arguments(id=LIFECYCLE_RULE, status="Enabled")
    rule = Block("rule", body=separated([heading, [Block("filter", body=[])], [parts]]))
    body = separated([arguments(bucket=itself), [rule]])
    return Block("resource", "aws_s3_bucket_lifecycle_configuration", label, body=body)


def _bucket_policy(label: str, itself: Expression) -> Block:
    arn = f"aws_s3_bucket.{label}.arn"
    policy = tls_only([Expression(arn), template(Expression(arn), "/*")])
    return Block(
        "resource", "aws_s3_bucket_policy", label, body=arguments(bucket=itself, policy=Call("jsonencode", policy))
    )


def _bus_section(names: DeclaredNames, buses: list[tuple[str, EventBus]]) -> Section:
    blocks = [
        Block("resource", "aws_cloudwatch_event_bus", label, body=[Argument("name", names.resource_style(bus)), _TAGS])
        for label, bus in buses
    ]
    arns = {bus.name: Expression(f"aws_cloudwatch_event_bus.{label}.arn") for label, bus in buses}
    outputs = [output("event_bus_arns", "ARNs of the event buses, by logical name", arns)]
    return Section(file="events.tf", title="Event buses", blocks=blocks, outputs=outputs)
