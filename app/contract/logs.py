"""Logs: one JSON object a line on stdout. The event is a constant name, facts are fields, numbers are masked."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import Processor

from app.contract.masks import mask_number, mask_text

_NUMBER_FIELDS = frozenset({"ani", "caller_number", "contact_number", "number"})
_SECRET_FIELDS = ("password", "secret", "token", "authorization", "cookie")


def protect(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask personal numbers and drop secrets, whatever field they are in."""
    for name, value in event.items():
        event[name] = _protected(name, value)
    return event


def _protected(name: str, value: object) -> object:
    if any(secret in name.lower() for secret in _SECRET_FIELDS):
        return "[secret]"
    if isinstance(value, str):
        return mask_number(value) if name in _NUMBER_FIELDS else mask_text(value)
    if isinstance(value, Mapping):
        return {str(key): _protected(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_protected(name, inner) for inner in value]
    return value


def _drop_colour(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """uvicorn says everything twice, once in colour."""
    event.pop("color_message", None)
    return event


def _to_json(event: Mapping[str, Any], default: Any = str, **_unused: object) -> str:
    return orjson.dumps(event, default=default, option=orjson.OPT_NON_STR_KEYS).decode()


def configure_logging(process: str, level: int = logging.INFO) -> None:
    """Everything this process logs, libraries included, leaves as JSON lines. Call once, first.

    `process` names it in each line, unless a context variable of that name does.
    """

    def name_process(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("process", process)
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
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
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _drop_colour,
                structlog.processors.format_exc_info,
                protect,
                structlog.processors.JSONRenderer(serializer=_to_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("httpx", "httpcore", "uvicorn.access", "alembic", "panoramisk"):
        logging.getLogger(name).setLevel(logging.WARNING)
