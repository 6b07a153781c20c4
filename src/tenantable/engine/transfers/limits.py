"""
The limits of exports and imports.

Source: Developer Guide, "DynamoDB data export to Amazon S3" and "Import format quotas and validation"; API reference,
ListExports and ListImports.
"""

EXPORTS_MAX = 300
IMPORTS_MAX = 50
"""How many may be under way."""

OBJECTS_MAX = 50_000
"""How many objects one import reads."""

INCREMENT_SECONDS_MIN = 15 * 60
INCREMENT_SECONDS_MAX = 24 * 3600

TOKEN_SECONDS = 8 * 3600
LISTED_SECONDS = 90 * 24 * 3600
PAGE_MAX = 25
