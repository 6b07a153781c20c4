"""Every rule of the design lint. An id is never given to another rule."""

from tenantable.infra.design.finding import Rule
from tenantable.infra.design.items import (
    amplified_writes,
    growing_items,
    large_items,
    missing_expiry,
    wide_projections,
)
from tenantable.infra.design.keys import (
    constant_partitions,
    few_partitions,
    growing_partitions,
    large_collections,
    moving_entries,
    rolling_partitions,
)
from tenantable.infra.design.use import (
    filtering_queries,
    scan_grants,
    ungranted_patterns,
    unread_entities,
    unsupported_calls,
    unused_indexes,
)

RULES = (
    Rule(
        id="TD001",
        name="filtering-query",
        severity="warning",
        title="A query reads items that it then leaves out.",
        why=(
            "DynamoDB filters after reading: what is left out was read, counts against the megabyte of a page and is "
            "paid for. The more there is of it, the emptier and the slower the pages."
        ),
        remedy=(
            "Begin the sort keys of the entities with words of their own, or give the query an index. For entities "
            "that are deleted softly, add a time to live, or an index that only living ones stand in."
        ),
        check=filtering_queries,
    ),
    Rule(
        id="TD002",
        name="ungranted-pattern",
        severity="warning",
        title="No component may use an access pattern.",
        why="Nobody can call it, so either a grant was forgotten, or the pattern and perhaps its index are left over.",
        remedy="Grant it to the component that needs it, or remove it.",
        check=ungranted_patterns,
    ),
    Rule(
        id="TD003",
        name="unused-index",
        severity="error",
        title="An index serves no access pattern that anybody may use.",
        why="Every write of an item that stands in the index is paid for again, and so is its storage, for nothing.",
        remedy="Remove the index, or declare and grant the pattern that it was meant for.",
        check=unused_indexes,
    ),
    Rule(
        id="TD004",
        name="constant-partition",
        severity="error",
        title="All items of an entity stand in one partition.",
        why=(
            "A partition key takes 1,000 write and 3,000 read units a second, whatever the table is provisioned for. "
            "A constant one puts the load of the whole entity there, and one list grows without bound."
        ),
        remedy=(
            "Put something with many values into the partition key: the tenant, an owner, a day, or a shard number "
            "that readers go through. Accept it where there are few items and few writes."
        ),
        check=constant_partitions,
    ),
    Rule(
        id="TD005",
        name="hot-partitions",
        severity="error",
        title="A partition key is made of attributes with few values.",
        why=(
            "Three states or four kinds make three or four partitions, and the most frequent value gets most of the "
            "load. A global index that cannot keep up holds back the writes of its table."
        ),
        remedy=(
            "Add an attribute with many values, such as the tenant or an owner, or a part of time as in "
            "{kind}#{timestamp:date}; or let only the items that are looked for stand in the index."
        ),
        check=few_partitions,
    ),
    Rule(
        id="TD006",
        name="rolling-hot-partition",
        severity="warning",
        title="All writes of a period go to a few partitions.",
        why=(
            "A partition for each day does not grow for ever, but today's takes all of today's writes: at most 1,000 "
            "write units a second for each of them."
        ),
        remedy="Add a part with many values, shorten the period, or accept it with the rate that you expect.",
        check=rolling_partitions,
    ),
    Rule(
        id="TD007",
        name="growing-partition",
        severity="warning",
        title="Items are only ever added to a partition that has no part of time.",
        why=(
            "The partition of a busy owner grows for ever: old items are stored at full price, and each one that is "
            "written lands at the end of one partition."
        ),
        remedy=(
            "Put a day or a month into the partition key, as in {owner}#{timestamp:date}, or give the items a time to "
            "live and archive them from the stream."
        ),
        check=growing_partitions,
    ),
    Rule(
        id="TD008",
        name="large-collection",
        severity="error",
        title="A table with local indexes has item collections that grow without bound.",
        why=(
            "Where there is a local index, the items of one partition key and their entries may have 10 GB together. "
            "Beyond it every write that adds to them is refused, and local indexes cannot be removed."
        ),
        remedy="Use a global index, give the items a time to live, or put a part of time into the partition key.",
        check=large_collections,
    ),
    Rule(
        id="TD009",
        name="growing-item",
        severity="warning",
        title="A list, set, map or binary without a limit stands in an item that is updated.",
        why=(
            "An update is paid for by the size of the whole item, not by what it changes; and it is refused when the "
            "item would have more than 400 KB, usually for the best customer first."
        ),
        remedy=(
            "Give the type a limit, as in Attr[Annotated[list[str], Field(max_length=100)]], or make each element an "
            "item of its own in the same partition."
        ),
        check=growing_items,
    ),
    Rule(
        id="TD010",
        name="large-item",
        severity="error",
        title="The declared limits allow an item of 400 KB or nearly so.",
        why=(
            "DynamoDB refuses it when it is written, although every value is as declared. A character takes one to "
            "four bytes."
        ),
        remedy="Lower the limits, or keep large values in a bucket and their address in the item.",
        check=large_items,
    ),
    Rule(
        id="TD011",
        name="missing-expiry",
        severity="warning",
        title="Items have an end, and no time to live.",
        why=(
            "What has expired stays: it is stored, stands in indexes and is read and paid for by every query, and a "
            "token that nobody can use any more is still there to be stolen."
        ),
        remedy=(
            "Name the attribute as the table's ttl=, or add one that follows from it, somewhat later where the end "
            "should still be shown."
        ),
        check=missing_expiry,
    ),
    Rule(
        id="TD012",
        name="wide-projection",
        severity="warning",
        title="An index holds more than its readers want.",
        why=(
            "Whatever an index holds is stored twice, and a write that changes it is paid for twice, rounded up to the "
            "next kilobyte each time."
        ),
        remedy=(
            "Project the attributes that patterns read, as in Index(..., projection=('status', 'total')), and give the "
            "patterns a view= of them; read the rest by key."
        ),
        check=wide_projections,
    ),
    Rule(
        id="TD013",
        name="amplified-write",
        severity="warning",
        title="One write is written to five indexes or more.",
        why=(
            "Each index that holds a changed attribute is another write, with its own throughput to run out of; the "
            "slowest of them decides when writes are throttled."
        ),
        remedy=(
            "Let entities share indexes only where patterns need them, project keys or few attributes, or serve rare "
            "questions elsewhere."
        ),
        check=amplified_writes,
    ),
    Rule(
        id="TD014",
        name="moving-entry",
        severity="warning",
        title="The key of an index changes at every write.",
        why=(
            "An entry whose key changes is deleted and made anew: two writes to the index for each one of the item, "
            "even when nothing that is read there has changed."
        ),
        remedy="Order the index by a time that stays, such as the creation, or accept it where writes are rare.",
        check=moving_entries,
    ),
    Rule(
        id="TD015",
        name="unread-entity",
        severity="warning",
        title="Components write an entity that none of them reads, or nobody uses it at all.",
        why="What nobody can read is kept and paid for, or a grant is missing that somebody will need in a hurry.",
        remedy="Grant a pattern that reads it, remove the entity, or accept it where another system reads the table.",
        check=unread_entities,
    ),
    Rule(
        id="TD016",
        name="scan-grant",
        severity="error",
        title="A component may scan.",
        why=(
            "A scan reads, and pays for, the whole table, slower with every item; and neither leading keys nor sort "
            "keys limit whose items it sees."
        ),
        remedy="Declare the query that is needed, with an index if it must be; export the table for what needs all.",
        check=scan_grants,
    ),
    Rule(
        id="TD017",
        name="idle-acceptance",
        severity="warning",
        title="An accepted finding is none, or its reason is empty.",
        why=(
            "A reason that stays when its finding is gone hides the next one at the same place, and a reason that says "
            "nothing convinces nobody."
        ),
        remedy="Remove it, name the place as the finding does, or write the reason.",
        check=lambda _system: iter(()),
    ),
    Rule(
        id="TD018",
        name="unsupported-call",
        severity="error",
        title="An access pattern may be called in a way that no index supports.",
        why=(
            "A query reads one partition, and in it a range that begins with the first part of the sort key. A call "
            "that leaves an earlier part open and gives a later one is refused, or reads what it did not ask for."
        ),
        remedy=(
            "Make the parameter required, and declare another pattern with an index of its own for the call without it."
        ),
        check=unsupported_calls,
    ),
)
"""In the order of their ids. What TD017 finds is found by the linting itself, which knows what was accepted."""

RULES_BY_ID = {rule.id: rule for rule in RULES}
