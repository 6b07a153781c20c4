"""SQS as the endpoint has it."""

from tenantable.aws.calls import Action, Service
from tenantable.aws.sqs import queues

_ON_QUEUES = {
    "CreateQueue": queues.create_queue,
    "GetQueueUrl": queues.get_queue_url,
    "GetQueueAttributes": queues.get_attributes,
    "SetQueueAttributes": queues.set_attributes,
    "DeleteQueue": queues.delete_queue,
    "ListDeadLetterSourceQueues": queues.list_dead_letter_sources,
    "TagQueue": queues.tag_queue,
    "UntagQueue": queues.untag_queue,
    "ListQueueTags": queues.list_tags,
}

SQS = Service(
    name="sqs",
    signing_name="sqs",
    protocols=("json",),
    target="AmazonSQS",
    invalid="InvalidParameterValue",
    limit_exceeded="OverLimit",
    query_names={
        "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists": "QueueAlreadyExists",
        "InvalidAttributeName": "InvalidAttributeName",
        "InvalidAttributeValue": "InvalidAttributeValue",
        "InvalidParameterValue": "InvalidParameterValue",
    },
    actions={
        **{name: Action(run=run, resource=queues.queue_arn) for name, run in _ON_QUEUES.items()},
        "ListQueues": Action(run=queues.list_queues),
    },
)
