"""The one table of access management, its five indexes and its names."""

import re
from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import Field

from tenantable.declare.attributes import Attr, attr
from tenantable.declare.entities import Entity
from tenantable.declare.naming import NameValue, Naming
from tenantable.declare.tables import AWS_MANAGED_KEY, Index, Table
from tenantable.errors import DeclarationError, Fault

Stage = Literal["dev", "sit", "prod"]

Ids = Annotated[list[str], Field(max_length=1000)]

_PROJECT = r"^[a-z0-9-]+$"
_INDEXES = (
    gsi1 := Index("gsi1", description="status/expiry, category, name lookups"),
    gsi2 := Index("gsi2", description="email, active status, division lookups"),
    gsi3 := Index("gsi3", description="user team memberships"),
    gsi4 := Index("gsi4", description="audit by user"),
    gsi5 := Index("gsi5", description="audit by event type"),
)
table = Table(
    "access-management",
    *_INDEXES,
    ttl="ttl",
    stream="NEW_AND_OLD_IMAGES",
    stream_purpose="audit archiving",
    recovery=True,
    encryption_key=AWS_MANAGED_KEY,
    tags={"Project": "BBWS", "Component": "AccessManagement", "CostCenter": "BBWS-ACCESS"},
    description="Every kind of item of access management, in one table.",
)


class Revised(Entity):
    """What is changed by people: `revision` is its ETag."""

    date_created: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class Switched(Revised):
    """What has a name, and can be switched off without being lost."""

    name: Attr[str]
    active: Attr[bool] = attr(default=True)


PROJECT = "bbws-access"
"""What names of tables and buckets begin with."""


def naming(stage: str, *, project: str = PROJECT) -> Naming:
    """
    `{project}-{stage}-ddb-access-management`, and the indexes `-gsi1` to `-gsi5` behind it.

    Raises:
        DeclarationError: The stage or the project's name is not allowed.
    """
    faults = []
    if stage not in get_args(Stage):
        hint = f"use one of {', '.join(get_args(Stage))}"
        faults.append(Fault(place="naming(stage)", problem=f"{stage!r} is no stage", hint=hint))
    if not re.fullmatch(_PROJECT, project):
        hint = "use lower-case letters, digits and hyphens"
        faults.append(Fault(place="naming(project)", problem=f"{project!r} is not allowed", hint=hint))
    if faults:
        raise DeclarationError(faults)
    about = NameValue(
        description="Project name prefix for resource naming",
        pattern=_PROJECT,
        requirement="Project name must contain only lowercase letters, numbers, and hyphens.",
    )
    return Naming(
        table="{project}-{stage}-ddb-{table}",
        index="{table}-{index}",
        resource="{project}-{stage}-{resource}",
        values={"project": project, "stage": stage},
        about={"project": about},
    )
