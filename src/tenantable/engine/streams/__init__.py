"""
Streams: what changed in a table, in order, for a day.

`records` writes a record beside each change and shows it, `shards` parts a stream into stretches that close and are
trimmed, `lifecycle` begins and ends streams, `positions` says where a reader stands, `subscription` is for consumers in
this process. All limits are in `limits`.
"""
