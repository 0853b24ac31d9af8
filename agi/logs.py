"""Logs of the FastAGI server: one JSON object a line on stdout, callers' numbers masked."""

import logging
import sys

import structlog
from structlog.typing import EventDict

NUMBERS = frozenset({"ani", "caller_number"})


def mask_number(number: str) -> str:
    """138****5678: enough to find a call, too little to ring back."""
    return f"{number[:3]}****{number[-4:]}" if len(number) > 7 else "****"


def mask_numbers(logger: object, method: str, event: EventDict) -> EventDict:  # noqa: ARG001 - structlog's signature
    for name in NUMBERS & event.keys():
        event[name] = mask_number(str(event[name]))
    return event


def configure_logs(level: int = logging.INFO) -> None:
    """Call once, first. The libraries' warnings come the same way."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_numbers,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("agi").setLevel(level)
    logging.getLogger("app").setLevel(level)
