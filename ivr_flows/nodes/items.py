"""What a node speaks: prompts, and values that become prompts when they are known."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ivr_flows.model import FlowState
from ivr_flows.nodes.kind import NAME
from ivr_flows.say import KINDS as SAY_KINDS
from ivr_flows.say import Unspeakable, spoken

VALUE = re.compile(r"[a-z][a-z0-9_-]{0,39}(\.[a-z0-9][a-z0-9_-]{0,39})?")
PROMPT = "prompt"
"""The kind whose value is itself the name of a prompt."""


@dataclass(frozen=True, slots=True)
class SpokenValue:
    """`{number: waiting}`: a value, spoken as this kind."""

    kind: str
    value: str


Item = str | SpokenValue


def _parse(raw: Any) -> tuple[Item, ...]:
    """One prompt's name, or a list of names and `{KIND: VALUE}`. Raises ValueError."""
    if isinstance(raw, tuple):
        return raw
    if isinstance(raw, str):
        raw = [raw]
    if not isinstance(raw, list) or not raw:
        raise ValueError("must be a prompt, or a list of prompts and values such as {number: waiting}")
    return tuple(_parse_item(item) for item in raw)


def _parse_item(raw: Any) -> Item:
    if isinstance(raw, str):
        if not re.fullmatch(NAME, raw):
            raise ValueError(f"'{raw}' is not the name of a prompt")
        return raw
    if not isinstance(raw, dict) or len(raw) != 1:
        raise ValueError(f"{raw!r} is neither a prompt nor one {{KIND: VALUE}}")
    ((kind, value),) = raw.items()
    if kind not in SAY_KINDS and kind != PROMPT:
        raise ValueError(f"nothing is spoken as '{kind}', known kinds are {', '.join(sorted(SAY_KINDS))} and {PROMPT}")
    if not isinstance(value, str) or not VALUE.fullmatch(value):
        raise ValueError(f"'{value}' is not the name of a value, such as waiting or answer.code")
    return SpokenValue(kind, value)


Items = Annotated[tuple[Any, ...], BeforeValidator(_parse), Field(max_length=20)]


def named_prompts(items: tuple[Item, ...]) -> tuple[str, ...]:
    """The prompts that are named outright."""
    return tuple(item for item in items if isinstance(item, str))


def read_values(items: tuple[Item, ...]) -> tuple[str, ...]:
    """The values that are spoken."""
    return tuple(item.value for item in items if isinstance(item, SpokenValue))


def speech(items: tuple[Item, ...], state: FlowState) -> tuple[str, ...]:
    """The prompts to play now. What cannot be spoken, because nothing is known, is left out."""
    return tuple(prompt for item in items for prompt in _speech_of(item, state))


def _speech_of(item: Item, state: FlowState) -> tuple[str, ...]:
    if isinstance(item, str):
        return (item,)
    value = state.value(item.value)
    if item.kind == PROMPT:
        return (value,) if re.fullmatch(NAME, value) else ()
    try:
        return spoken(item.kind, value, state.value("language") or "zh")
    except Unspeakable:
        return ()
