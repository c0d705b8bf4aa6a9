"""Structured logs: one JSON object a line, bearing the request's and the account's ids."""

import logging.config
import sys
from typing import Any

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(*, level: str, pretty: bool) -> None:
    """`pretty` is for a person at a terminal; without it every line is JSON, tracebacks included.

    No traceback shows the values that were at hand: keys and passwords are among them.
    """
    renderer: Any = structlog.processors.JSONRenderer()
    if pretty:
        is_terminal, plain = sys.stderr.isatty(), structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(colors=is_terminal, exception_formatter=plain)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    render = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    if not pretty:
        render.insert(0, structlog.processors.format_exc_info)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": _SHARED,
                    "processors": render,
                }
            },
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["out"], "level": level},
            # Django's own lines about 4xx and 5xx answers repeat what the request line says.
            "loggers": {"django.request": {"level": "CRITICAL"}, "procrastinate": {"level": "WARNING"}},
        }
    )
