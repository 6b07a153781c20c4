"""What the routes of all five services share: who calls, whether they may, versions, idempotency, pages."""
