"""What requests and answers about service keys look like."""

from datetime import datetime
from typing import Self

from pydantic import AwareDatetime, Field

from tenantable.services.access.credentials.keys import NewKey
from tenantable.services.access.declaration import ServiceKey
from tenantable.services.access.directory.schemas import Id
from tenantable.services.access.http.names import Name
from tenantable.services.access.http.pages import RequestBody, ResponseBody


class CreateServiceKey(RequestBody):
    """A service key to create; its permission sets limit what it may do."""

    name: Name
    permission_set_ids: list[Id] = Field(min_length=1, max_length=50)
    not_after: AwareDatetime | None = Field(default=None, strict=False)

    def new(self) -> NewKey:
        return NewKey(name=self.name, permission_set_ids=self.permission_set_ids, not_after=self.not_after)


class ServiceKeyShown(ResponseBody):
    """A service key, without its secret."""

    key_id: str
    name: str
    permission_set_ids: list[str]
    created_by: str
    date_created: datetime
    not_after: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ServiceKey) -> Self:
        return cls.model_validate(key.model_dump(include=set(cls.model_fields)))


class ServiceKeyMade(ServiceKeyShown):
    """A service key that was created. `key` is shown this once, and null when the request is repeated."""

    key: str | None
