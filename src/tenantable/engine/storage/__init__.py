"""
Everything that touches SQLite: one file per data directory, one writer, any number of readers.

`queries.sql` holds the SQL, `queries` fills in table numbers, `files` opens a data directory, `reading` and `writing`
carry out reads and transactions, `storage` ties them together. Keys and items are opaque bytes here.
"""
