"""When an item expires."""

from tenantable.wire.values import Item

EXPIRED_SECONDS_MAX = 5 * 365 * 24 * 3600
"""An item whose time was over longer ago stays. Source: Developer Guide, "Time to Live": five years."""

_SECONDS_MAX = 2**62  # what the database can hold; a later time never comes


def expires_at(item: Item, attribute: str) -> int | None:
    """
    The second since 1970 after which an item may be deleted.

    Returns:
        None when the attribute is missing or no number, so that the item never expires.
    """
    value = item.get(attribute)
    if value is None or "N" not in value:
        return None
    whole = value["N"].partition(".")[0]  # canonical numbers are in plain notation
    seconds = int(whole)
    return seconds if 0 <= seconds <= _SECONDS_MAX else None
