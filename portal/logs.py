"""Logging: one line an event, JSON for machines, plain for a terminal; never a name or a secret."""

import logging
import traceback
from typing import Any

import structlog

#: What of a record's `extra` is said. Others hand whole requests and jobs along.
SAID = (
    *("method", "view", "status", "ms", "outcome"),
    *("job_id", "job", "mail", "delivery", "subscription", "attempt", "part", "error", "reason", "seconds"),
)
#: Their messages name code. Others quote what was typed or stored: a mail server the address it refuses, PostgreSQL
#: the row it has already.
_SPEAK_OF_CODE = (AttributeError, ImportError, NameError, TypeError)
SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,  # the request id, bound by the middleware
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(SAID),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configured(*, for_machines: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING; structlog's own loggers are sent the same way."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    # Plain tracebacks: the richer ones tell the values of variables.
    render = (
        [structlog.processors.ExceptionRenderer(_where), structlog.processors.JSONRenderer()]
        if for_machines
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    quiet = "WARNING" if level == "INFO" and not for_machines else level
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"ours": {"()": _Ours}},
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["ours"]}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # A line a request, a job, a seal. On a terminal they would hide what is said there once: the address, and
            # how to sign in; there they are for who asks with LOG_LEVEL=DEBUG.
            **{
                name: {"level": quiet}
                for name in ("portal.requests", "portal.working", "portal.seals.sealing")
            },
            # Every job's start and end is noise beside the job's own words.
            "procrastinate": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},  # tells the addresses it calls
        },
    }


class _Ours(logging.Filter):
    """What others say of requests and jobs names addresses, and addresses hold tokens: our own lines say it without."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "action", "") in ("job_error", "job_error_retry"):
            return False
        if hasattr(record, "request") and hasattr(record, "status_code"):
            if not record.exc_info:
                return False
            record.msg, record.args = "request_failed", ()
        return True


def _where(exc_info: Any) -> str:
    """Where it failed and what kind of error it was, not what was said: a message may quote anything."""
    error: BaseException | None = exc_info[1]
    parts: list[str] = []
    while error is not None:
        kind = type(error)
        name = (
            kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        )
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"{frames}{name}{_details(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nfrom\n".join(parts)


def _details(error: BaseException) -> str:
    """Of a message, what cannot hold anybody's data."""
    if isinstance(error, _SPEAK_OF_CODE):
        return f": {error}"
    diagnosis = getattr(error, "diag", None)
    known = (
        getattr(error, "sqlstate", None),
        getattr(diagnosis, "table_name", None),
        getattr(diagnosis, "constraint_name", None),
        getattr(error, "smtp_code", None),
    )
    said = " ".join(str(one) for one in known if one)
    return f": {said}" if said else ""
