"""Structured logs: one JSON object a line, on standard error."""

import logging
import sys
import traceback

import structlog

from tenantable.errors import TenantableError

FRAMES_MAX = 40
"""Of one error: those next to where it was raised."""
CAUSES_MAX = 5


def configure_logs(level: str) -> None:
    """
    Log as JSON lines from `level` (`debug`, `info`, `warning`, `error`) on. Called once, by whoever starts a process.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def error_text(error: BaseException) -> str:
    """
    What is logged of an error: its kind, where it was raised, and the same of its causes, the first cause first.

    Values of variables are never shown, and messages only of errors of this package: others tell what they were given.
    """
    texts: list[str] = []
    found: BaseException | None = error
    while found is not None and len(texts) < CAUSES_MAX:
        frames = traceback.extract_tb(found.__traceback__)[-FRAMES_MAX:]
        lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        kind = f"{type(found).__module__}.{type(found).__qualname__}"
        texts.append("\n".join([*lines, f"{kind}: {found}" if isinstance(found, TenantableError) else kind]))
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return "\n\n".join(reversed(texts))
