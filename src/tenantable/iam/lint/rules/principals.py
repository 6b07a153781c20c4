"""Rules on what is allowed to everybody, or everything but a few: principals and negated elements."""

from collections.abc import Iterator

from tenantable.iam.lint.actions import BY_HARM
from tenantable.iam.lint.findings import Finding
from tenantable.iam.lint.rules.reporting import report
from tenantable.iam.lint.rules.scope import anywhere, covered_resources, expanded_actions, of_a_stranger, somebody_elses
from tenantable.iam.lint.witnesses import FOREIGN_ACCOUNT, Insisted, Subject


def negated_elements(subject: Subject) -> Iterator[Finding]:
    """TP106, TP107."""
    statement = subject.statement
    if not subject.is_allow:
        return
    if statement.every_action_but:
        for action in (*BY_HARM, "iam:CreateUser", "kms:Decrypt", "sqs:PurgeQueue", "s3:DeleteObject"):
            request = anywhere(subject, action)
            if request is not None:
                listed = ", ".join(statement.actions)
                yield report("TP106", subject, f"every action but {listed} is allowed", request, is_allowed=True)
                break
    if statement.every_resource_but:
        for action in expanded_actions(subject):
            request = subject.witness(action, somebody_elses(action.partition(":")[0].lower()), of_a_stranger(subject))
            if request is not None:
                listed = ", ".join(statement.resources)
                yield report("TP107", subject, f"everything but {listed} is reached", request, is_allowed=True)
                break


def any_principal(subject: Subject) -> Iterator[Finding]:
    """TP108."""
    linted = subject.linted
    if not subject.is_allow or linted.principals is None:
        return
    anybody = linted.every_principal_but or any(not each.rpartition(":")[2].strip("*") for each in linted.principals)
    if not anybody:
        return
    stranger: Insisted = {
        "aws:principalaccount": FOREIGN_ACCOUNT,
        "aws:principalarn": f"arn:aws:iam::{FOREIGN_ACCOUNT}:role/stranger",
        "aws:principalorgid": "o-stranger",
        "aws:principalorgpaths": ("o-stranger/r-1/",),
        "aws:sourceaccount": FOREIGN_ACCOUNT,
        "aws:sourcearn": f"arn:aws:s3:::bucket-of-{FOREIGN_ACCOUNT}",
        "aws:sourceorgid": "o-stranger",
        "aws:sourcevpc": "vpc-strangers",
        "aws:sourcevpce": "vpce-strangers",
        "aws:sourceip": "203.0.113.7",
        "aws:userid": "AIDASTRANGER",
    }
    for action in expanded_actions(subject):
        for arn in covered_resources(subject, action):
            request = subject.witness(action, arn, stranger)
            if request is not None:
                sentence = "everybody but a few is allowed" if linted.every_principal_but else "anybody is allowed"
                yield report("TP108", subject, sentence, request, also=["aws:principalarn"], is_allowed=True)
                return
