"""The services there are, by the name that signatures call them."""

from tenantable.aws.alarms.service import ALARMS
from tenantable.aws.calls import Service
from tenantable.aws.iam.service import IAM
from tenantable.aws.kms.service import KMS
from tenantable.aws.scaling.service import SCALING
from tenantable.aws.sqs.service import SQS
from tenantable.aws.ssm.service import SSM
from tenantable.aws.sts.service import STS

SERVICES: dict[str, Service] = {service.signing_name: service for service in (STS, IAM, KMS, SSM, SQS, SCALING, ALARMS)}
