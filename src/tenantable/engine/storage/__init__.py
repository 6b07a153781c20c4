"""
Everything that touches SQLite: one file per data directory, one writer, any number of readers.

`queries.sql` holds the SQL, `queries` fills in table numbers, `files` opens a data directory, `reading` reads,
`transaction` is what one operation may do, `writing` lets operations take turns and share commits, `storage` ties them
together. Keys and items are opaque bytes here.
"""
