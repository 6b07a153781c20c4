"""
A data directory beyond its engine: check it, repair it, copy it, bring a copy back.

`findings` says what was found, `checking` reads a database and compares everything that it holds twice, `table_check`
and `stream_check` do so for one table and one stream; `repair` writes a new database from what can be read, with what
tables know of their streams (`stream_repair`); `backup` copies a directory that may be in use, and brings a copy back.
"""
