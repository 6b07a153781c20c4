"""A bucket that stays empty: for installations without an archive, whose events end with the table's."""

from tenantable.cloud.objects.bucket import (
    PAGE_MAX,
    Content,
    ObjectInfo,
    ObjectNotFound,
    ObjectPage,
    Range,
    StoredObject,
)
from tenantable.errors import CloudError


class EmptyBucket:
    """Implements `Bucket`; nothing can be put into it."""

    name = "nothing"

    def put(self, key: str, _content: Content, *, only_if_absent: bool = False) -> str:  # noqa: ARG002 - as the port has it
        raise CloudError(f"{key} cannot be kept: there is no bucket", hint="give the installation a bucket")

    def get(self, key: str, _wanted: Range | None = None) -> StoredObject:
        raise ObjectNotFound(f"There is no object {key}")

    def head(self, key: str) -> ObjectInfo:
        raise ObjectNotFound(f"There is no object {key}")

    def page(self, _prefix: str = "", *, limit: int = PAGE_MAX, after: str | None = None) -> ObjectPage:  # noqa: ARG002
        return ObjectPage(objects=())

    def delete(self, _key: str) -> None:
        return

    def delete_former_versions(self, _key: str) -> None:
        return
