"""Structured logs: one JSON object a line, on standard error."""

import logging
import sys

import structlog


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
