"""
The limits of backups and recovery.

Source: Developer Guide, "Backup and restore for DynamoDB", and API reference, RestoreTableFromBackup.
"""

DAY_SECONDS = 24 * 3600

RECOVERY_DAYS_MAX = 35
"""How far back a table can be restored, unless a shorter period is asked for."""

SYSTEM_BACKUP_SECONDS = 35 * DAY_SECONDS
"""How long the backup of a deleted table is kept."""

UNDO_SLACK_SECONDS = 3600
"""What a restore of the oldest second may need is kept so much longer: its rows are not trimmed under its hands."""

CHANGES_BETWEEN_TRIMS = 128
TRIMMED_AT_ONCE_MAX = 256
"""One change in so many trims the log of its table, so that a log that nobody looks after stays bounded too."""

RESTORES_MAX = 50
BACKUPS_PAGE_MAX = 100

STEP_ITEMS_MAX = 256
STEP_BYTES_MAX = 1024 * 1024
"""How much is written in one turn of the writer, so that those who write meanwhile do not wait for long."""
