"""Each day of a user is a partition."""

from datetime import date, datetime

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, System, Table, allow, writes

table = Table("visits")


class Visit(Entity, table=table):
    user_id: Attr[str]
    at: Attr[datetime]


class Visits(Repository[Visit]):
    @Visit.key(pk="USER#{user_id}#{at:date}", sk="{at}")
    def get(self, *, user_id: str, at: datetime) -> None:
        """One visit."""

    @Visit.query()
    def of_day(self, *, user_id: str, at: date) -> None:
        """Visits of a user, in the order of time."""


SYSTEM = System(
    name="site",
    tables=[table],
    components=[Component("api", grants=[allow(Visits.get, Visits.of_day, writes(Visit, "create"))])],
)
