"""
The limits of streams.

Source: Developer Guide, "Change data capture for DynamoDB Streams", and API reference, "Amazon DynamoDB Streams".
"""

SLOTS = 4
"""How many shards of a stream are open at a time; each has its part of the partition keys' hashes."""

SHARD_SECONDS_MAX = 4 * 3600
SHARD_SEQUENCES_MAX = 1_000_000
"""A shard closes, and a child takes over, after so long or after so many changes of the table."""

RETENTION_SECONDS = 24 * 3600
TRIMMED_AT_ONCE_MAX = 256
RECORDS_BETWEEN_TRIMS = 128
"""One write in so many trims its slot, so that a stream that nobody looks after stays bounded too."""

RECORDS_PAGE_MAX = 1000
RECORDS_PAGE_BYTES_MAX = 1024 * 1024
SHARDS_PAGE_MAX = 100
STREAMS_PAGE_MAX = 100
ITERATOR_SECONDS = 15 * 60
SEQUENCE_NUMBER_CHARACTERS_MAX = 40

CONSUMERS_MAX = 100
CONSUMER_NAME_CHARACTERS_MAX = 255
