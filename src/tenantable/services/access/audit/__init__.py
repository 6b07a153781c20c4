"""The audit trail: shown, searched and exported, verified, archived, and its personal details erased on demand."""
