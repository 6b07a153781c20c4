"""
Backups, and every earlier state of a table.

`undo` writes down what each change replaces, `recovery` switches that on and says which seconds can be had again,
`backup` is what is known of a backup, `building` fills tables and backups in bounded steps and leaves nothing half
done, `definitions` says what a restored table is like, `restoring` makes one, `descriptions` shows all of it,
`retention` deletes what is too old. All limits are in `limits`.
"""
