"""
Exports and imports: a table as objects in a bucket, and objects as a table.

Where the service has S3, `objects` has a folder for each bucket. `transfer` is what is known of an export or import and
how long, `exports` and `imports` carry one out, `selection` says what of a table is exported, `lines` how an item is
written, `output` writes the files and manifests, `sources` reads items from objects, `listing` gives pages. All limits
are in `limits`.
"""
