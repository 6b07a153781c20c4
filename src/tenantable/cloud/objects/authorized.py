"""A bucket in the hands of one identity: every call is asked for before it is made."""

from tenantable.cloud.authorization import Authorizer
from tenantable.cloud.objects.bucket import (
    PAGE_MAX,
    Bucket,
    Content,
    ObjectInfo,
    ObjectNotFound,
    ObjectPage,
    Range,
    StoredObject,
)
from tenantable.wire.arns import Home


class AuthorizedBucket:
    """
    Implements `Bucket`; every operation raises AccessDenied where the identity's policies do not allow its action.

    Objects are read, written and deleted by their own ARN, listed by the bucket's. Whoever may not list learns of no
    object that it is missing: that too is denied, as on S3.
    Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
    """

    def __init__(self, bucket: Bucket, *, authorizer: Authorizer, home: Home) -> None:
        self._bucket = bucket
        self._authorizer = authorizer
        self._home = home

    @property
    def name(self) -> str:
        return self._bucket.name

    def put(self, key: str, content: Content, *, only_if_absent: bool = False) -> str:
        context = {"s3:if-none-match": "*"} if only_if_absent else {}
        self._authorizer.authorize("s3:PutObject", self._object(key), context)
        return self._bucket.put(key, content, only_if_absent=only_if_absent)

    def get(self, key: str, wanted: Range | None = None) -> StoredObject:
        self._authorizer.authorize("s3:GetObject", self._object(key))
        try:
            return self._bucket.get(key, wanted)
        except ObjectNotFound:
            self._may_know()
            raise

    def head(self, key: str) -> ObjectInfo:
        self._authorizer.authorize("s3:GetObject", self._object(key))
        try:
            return self._bucket.head(key)
        except ObjectNotFound:
            self._may_know()
            raise

    def page(self, prefix: str = "", *, limit: int = PAGE_MAX, after: str | None = None) -> ObjectPage:
        context = {"s3:prefix": prefix, "s3:max-keys": str(limit)}
        self._authorizer.authorize("s3:ListBucket", self._home.bucket(self.name), context)
        return self._bucket.page(prefix, limit=limit, after=after)

    def delete(self, key: str) -> None:
        self._authorizer.authorize("s3:DeleteObject", self._object(key))
        self._bucket.delete(key)

    def delete_former_versions(self, key: str) -> None:
        self._authorizer.authorize("s3:ListBucketVersions", self._home.bucket(self.name), {"s3:prefix": key})
        self._authorizer.authorize("s3:DeleteObjectVersion", self._object(key))
        self._bucket.delete_former_versions(key)

    def _may_know(self) -> None:
        self._authorizer.authorize("s3:ListBucket", self._home.bucket(self.name))

    def _object(self, key: str) -> str:
        return self._home.object(self.name, key)
