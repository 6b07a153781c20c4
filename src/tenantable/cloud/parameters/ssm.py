"""Parameters in the parameter store of AWS Systems Manager, or any endpoint that speaks its API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tenantable.cloud.parameters.parameter import (
    PAGE_MAX,
    InvalidParameter,
    NewValue,
    Parameter,
    ParameterExists,
    ParameterNotFound,
    ParameterPage,
    ParametersFull,
    check_name,
    check_page,
)
from tenantable.cloud.refusals import code_of, refusal

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_INVALID = {"HierarchyTypeMismatchException", "ValidationException", "ParameterPatternMismatchException"}


class SsmParameters:
    """
    Implements `Parameters`.

    A SecureString is sealed by the account's own key for the parameter store, which whoever may read the parameter may
    use: that needs no grant on a key.
    """

    def __init__(self, client: "SSMClient") -> None:
        self._client = client

    def get(self, name: str) -> Parameter:
        check_name(name)
        with _cloud_errors(name):
            return _parameter(self._client.get_parameter(Name=name, WithDecryption=True)["Parameter"])

    def page(
        self, path: str, *, recursive: bool = False, limit: int = PAGE_MAX, after: str | None = None
    ) -> ParameterPage:
        check_page(path, limit)
        position: dict[str, Any] = {} if after is None else {"NextToken": after}
        with _cloud_errors(path):
            answer = self._client.get_parameters_by_path(
                Path=path, Recursive=recursive, WithDecryption=True, MaxResults=limit, **position
            )
        return ParameterPage(
            parameters=tuple(_parameter(found) for found in answer["Parameters"]), next=answer.get("NextToken") or None
        )

    def put(self, name: str, value: NewValue, *, overwrite: bool = False) -> int:
        check_name(name, new=True)
        with _cloud_errors(name):
            return self._client.put_parameter(
                Name=name,
                Value=value.value,
                Type=value.type,
                Tier="Advanced" if value.advanced else "Standard",
                Overwrite=overwrite,
            )["Version"]

    def delete(self, name: str) -> None:
        check_name(name)
        with _cloud_errors(name):
            self._client.delete_parameter(Name=name)


def _parameter(found: Any) -> Parameter:
    return Parameter(
        name=found["Name"],
        value=found["Value"],
        type=found["Type"],
        version=found["Version"],
        modified_at=found["LastModifiedDate"].timestamp(),
    )


@contextmanager
def _cloud_errors(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code == "ParameterNotFound":
            raise ParameterNotFound(f"There is no parameter {name}") from error
        if code == "ParameterAlreadyExists":
            hint = "say overwrite to replace it"
            raise ParameterExists(f"There is a parameter {name} already", hint=hint) from error
        if code == "ParameterLimitExceeded":
            raise ParametersFull(f"The store does not take {name}: it is full", hint="delete unused ones") from error
        if code in _INVALID:
            raise InvalidParameter(f"The store does not take {name}: {error.response['Error']['Message']}") from error
        raise refusal("The parameter store", name, error) from error
    except BotoCoreError as error:
        raise refusal("The parameter store", name, error) from error
