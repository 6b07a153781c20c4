"""
Everything that touches SQLite: one file per data directory, one writer, any number of readers.

`queries.sql` holds the SQL, `queries` fills in table numbers, `files` opens a data directory, `reading` reads,
`transaction` is what one operation may do, `writing` lets operations take turns and share commits, `storage` ties them
together. `checksums` tell damaged rows, `structure` damaged files; `inspection` reads a file as it lies, `salvage`
writes a new one from it, `copies` copies one. Keys and items are opaque bytes here.
"""
