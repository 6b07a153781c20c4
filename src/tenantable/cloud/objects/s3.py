"""Buckets on Amazon S3, or any endpoint that speaks its API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tenantable.cloud.objects.bucket import (
    PAGE_MAX,
    BucketNotFound,
    Content,
    InvalidObject,
    ListedObject,
    ObjectExists,
    ObjectInfo,
    ObjectNotFound,
    ObjectPage,
    Range,
    StoredObject,
    check_bucket,
    check_key,
    check_page,
    check_readable,
)
from tenantable.cloud.refusals import code_of, refusal
from tenantable.errors import CloudError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

DELETED_AT_ONCE = 1000
_MISSING = {"NoSuchKey", "404"}


def create_bucket(client: "S3Client", name: str, *, region: str) -> None:
    """
    Create a bucket, unless it is there; for deployments, not for components that use the bucket. Nobody else reads it.

    Raises:
        CloudError: The name is taken by another account, or it may not be created.
    """
    check_bucket(name)
    place: dict[str, Any] = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        client.create_bucket(Bucket=name, **({} if region == "us-east-1" else place))  # which takes no constraint
    except ClientError as error:
        if code_of(error) != "BucketAlreadyOwnedByYou":
            raise refusal("S3", name, error) from error
    except BotoCoreError as error:
        raise refusal("S3", name, error) from error


class S3Bucket:
    """One existing bucket; implements `Bucket`."""

    def __init__(self, client: "S3Client", name: str) -> None:
        check_bucket(name)
        self._client = client
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def put(self, key: str, content: Content, *, only_if_absent: bool = False) -> str:
        check_key(key)
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if only_if_absent else {}
        with self._cloud_errors(key):
            answer = self._client.put_object(
                Bucket=self._name,
                Key=key,
                Body=content.body,
                ContentType=content.media_type,
                Metadata=dict(content.metadata),
                **condition,
            )
        return answer["ETag"].strip('"')

    def get(self, key: str, wanted: Range | None = None) -> StoredObject:
        check_key(key)
        with self._cloud_errors(key):
            answer = self._client.get_object(Bucket=self._name, Key=key, **_range(wanted))
            check_readable(key, answer["ContentLength"], None)
            return StoredObject(info=_info(key, answer), body=answer["Body"].read())

    def head(self, key: str) -> ObjectInfo:
        check_key(key)
        with self._cloud_errors(key):
            return _info(key, self._client.head_object(Bucket=self._name, Key=key))

    def page(self, prefix: str = "", *, limit: int = PAGE_MAX, after: str | None = None) -> ObjectPage:
        check_page(prefix, limit)
        position: dict[str, Any] = {} if after is None else {"StartAfter": after}
        with self._cloud_errors(prefix):
            answer = self._client.list_objects_v2(Bucket=self._name, Prefix=prefix, MaxKeys=limit, **position)
        found = tuple(
            ListedObject(key=each["Key"], size_bytes=each["Size"], modified_at=each["LastModified"].timestamp())
            for each in answer.get("Contents", [])
        )
        return ObjectPage(objects=found, next=found[-1].key if answer["IsTruncated"] else None)

    def delete(self, key: str) -> None:
        check_key(key)
        with self._cloud_errors(key):
            self._client.delete_object(Bucket=self._name, Key=key)

    def delete_former_versions(self, key: str) -> None:
        check_key(key)
        with self._cloud_errors(key):
            former = list(self._former_versions(key))
            for start in range(0, len(former), DELETED_AT_ONCE):
                part = former[start : start + DELETED_AT_ONCE]
                answer = self._client.delete_objects(Bucket=self._name, Delete={"Objects": part, "Quiet": True})
                for error in answer.get("Errors", []):
                    hint = "a lock or a policy of the bucket keeps it; see to that and try again"
                    raise CloudError(f"A former version of {key} was not deleted: {error.get('Code')}", hint=hint)

    def _former_versions(self, key: str) -> Iterator["ObjectIdentifierTypeDef"]:
        """All but the latest, and markers of deletions; other keys with this prefix come behind them."""
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._name, Prefix=key):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            for each in found:
                if each["Key"] == key and not each["IsLatest"]:
                    yield {"Key": key, "VersionId": each["VersionId"]}
            if any(each["Key"] != key for each in found):
                return

    @contextmanager
    def _cloud_errors(self, key: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = code_of(error)
            if code in _MISSING:
                raise ObjectNotFound(f"There is no object {key}") from error
            if code == "NoSuchBucket":
                hint = "deploy the infrastructure first"
                raise BucketNotFound(f"There is no S3 bucket {self._name}", hint=hint) from error
            if code == "PreconditionFailed":
                raise ObjectExists(f"There is an object {key} already") from error
            if code == "InvalidRange":
                raise InvalidObject(f"The range begins at or after the end of {key}") from error
            raise refusal("S3", f"{self._name}/{key}", error) from error
        except BotoCoreError as error:
            raise refusal("S3", f"{self._name}/{key}", error) from error


def _range(wanted: Range | None) -> dict[str, Any]:
    if wanted is None:
        return {}
    last = "" if wanted.length is None else wanted.start + wanted.length - 1
    return {"Range": f"bytes={wanted.start}-{last}"}


def _info(key: str, answer: Any) -> ObjectInfo:
    """Of a range too, `ContentRange` tells the size of the whole: `bytes 0-9/1234`."""
    whole = answer.get("ContentRange", "").rpartition("/")[2]
    return ObjectInfo(
        key=key,
        size_bytes=int(whole) if whole else answer["ContentLength"],
        etag=answer["ETag"].strip('"'),
        modified_at=answer["LastModified"].timestamp(),
        media_type=answer["ContentType"],
        metadata=answer["Metadata"],
    )
