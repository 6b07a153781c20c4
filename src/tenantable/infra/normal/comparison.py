"""The one comparison of two tables in normal form."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenantable.infra.normal.forms import OWNED, STANDARD, IndexForm, TableForm


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """
    One fact of a table that two descriptions do not agree on.

    Args:
        path: What it is about: `keys`, `index gsi1`, `tag Project`, ...
        declared: What it should be; None: there should be none.
        found: What it is; None: there is none.
    """

    table: str
    path: str
    declared: str | None
    found: str | None

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.table}: {self.path} is missing, declared is {self.declared}"
        if self.declared is None:
            return f"{self.table}: {self.path} is not declared, found is {self.found}"
        return f"{self.table}: {self.path} is {self.found}, declared is {self.declared}"


def differences(declared: TableForm, found: TableForm | None) -> tuple[Difference, ...]:
    """
    Where two descriptions of a table differ.

    Args:
        found: None: there is no such table, which is one difference.
    Returns:
        In the order of a table's facts: keys, indexes, billing, then its options, then tags.
    """
    if found is None:
        missing = Difference(table=declared.name, path="table", declared=f"keys {declared.keys}", found=None)
        return (missing,)
    wanted, there = facts(declared), facts(found)
    return tuple(
        Difference(table=declared.name, path=path, declared=wanted.get(path), found=there.get(path))
        for path in _in_order(list(wanted), list(there))
        if wanted.get(path) != there.get(path)
    )


def facts(form: TableForm) -> dict[str, str]:
    """
    A table as sentences by what they are about; what it does not have is not there.

    Equal forms have equal facts, and two forms with equal facts differ in nothing but their order.
    """
    found: dict[str, str | None] = {"name": form.name, "keys": str(form.keys)}
    for name, index in sorted(form.local_indexes.items()):
        found[f"local index {name}"] = str(index)
    for name, index in sorted(form.global_indexes.items()):
        found |= _index_facts(f"index {name}", index)
    found |= {
        "billing": "on demand" if form.capacity is None else f"provisioned, {form.capacity}",
        "ceilings": None if form.ceilings is None else str(form.ceilings),
        "expiry": form.ttl and f"by {form.ttl}",
        "recovery": None if form.recovery_days is None else f"{form.recovery_days} days",
        "encryption": None if form.encryption == OWNED else form.encryption,
        "stream": form.stream,
        "deletion protection": "on" if form.deletion_protection else None,
        "table class": None if form.table_class == STANDARD else form.table_class,
        "resource policy": form.resource_policy,
    }
    found |= {f"replica {region}": "there" for region in sorted(form.replicas)}
    found |= {f"tag {key}": value for key, value in sorted(form.tags.items())}
    return {path: value for path, value in found.items() if value is not None}


def _index_facts(path: str, index: IndexForm) -> dict[str, str | None]:
    return {
        path: str(index),
        f"{path} capacity": None if index.capacity is None else str(index.capacity),
        f"{path} ceilings": None if index.ceilings is None else str(index.ceilings),
    }


def _in_order(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """The paths of both, each where it stands in the one that has it."""
    merged = list(first)
    for position, path in enumerate(second):
        if path not in merged:
            before = next((merged.index(each) for each in reversed(second[:position]) if each in merged), -1)
            merged.insert(before + 1, path)
    return merged
