"""Values as people say them: a number, a date or an amount becomes the names of prompts, one word each. Pure.

A value comes as text, because look-ups and telephone keys give text. The words are prompts like all others
(`prompts/say.zh.yaml`, `prompts/say.en.yaml`), so a studio may record them.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol

from ivr_flows import say_en, say_zh

LARGEST: Final = 10**12 - 1
PAUSE: Final = "say-pause"
TAIL: Final = "say-tail"
MASK = "*"
GROUP = 4
GROUPS: Final[Mapping[str, Mapping[int, tuple[int, ...]]]] = {
    "phone": {11: (3, 4, 4), 12: (4, 4, 4)},
    "ticket_number": {19: (6, 6, 3, 4)},
}
"""How many digits are read in one breath, by length: a mobile number 3-4-4, a ticket number by region, day and running
number. Other lengths are read four by four."""

Words = tuple[str, ...]


class Unspeakable(ValueError):
    """The value is not what its kind says; the message names both."""


class Speech(Protocol):
    """How one language says things; a module that has all of this is one. Months, hours and so on are in range."""

    WORDS: frozenset[str]
    """Every prompt that may be asked for."""

    def number(self, value: int) -> Words: ...
    def count(self, value: int) -> Words: ...
    def digit(self, figure: str) -> str: ...
    def day(self, value: date) -> Words: ...
    def clock(self, value: time) -> Words: ...
    def money(self, fen: int) -> Words: ...
    def minutes(self, value: int) -> Words: ...


SPEECHES: Final[Mapping[str, Speech]] = {"zh": say_zh, "en": say_en}
LANGUAGES: Final = tuple(SPEECHES)
SOUND_FOLDERS: Final[Mapping[str, str]] = {"zh": "zh", "en": "en_GB"}
"""Asterisk's name of a language. Not the bare `en`: what another language lacks, Asterisk plays from there untold."""


def words(language: str) -> frozenset[str]:
    """Every prompt that `spoken` may name in this language."""
    return SPEECHES[language].WORDS | {PAUSE, TAIL}


def spoken(kind: str, value: str, language: str = "zh") -> Words:
    """Names of the prompts that say `value`, in order.

    Kinds: number; count (before what is counted: 两位, not 二位); digits, phone, ticket_number (figure by figure, 1 is
    幺; of a masked number only the end is said); date (ISO day); time (HH:MM); money (yuan, up to two decimals);
    minutes.
    Raises Unspeakable; KeyError for a language that we do not have.
    """
    speech = SPEECHES[language]
    if kind not in KINDS:
        raise Unspeakable(f"'{kind}' is no kind of value; there are {', '.join(KINDS)}")
    try:
        return KINDS[kind](speech, kind, value.strip())
    except (ValueError, InvalidOperation) as error:
        raise Unspeakable(f"'{value}' is no {kind}") from error


def _whole(value: str, *, least: int = -LARGEST) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", value, re.ASCII) or not least <= int(value) <= LARGEST:
        raise ValueError
    return int(value)


def _figures(speech: Speech, kind: str, value: str) -> Words:
    plain = re.sub(r"^\+86|[ -]", "", value)
    head, mask, tail = plain.rpartition(MASK)
    if not re.fullmatch(r"[0-9*]*", head) or not re.fullmatch(r"[0-9]{1,40}", tail):
        raise ValueError
    if mask:
        return TAIL, *map(speech.digit, tail)
    sizes = GROUPS.get(kind, {}).get(len(tail)) or (GROUP,) * -(-len(tail) // GROUP)
    found: list[str] = []
    for size in sizes:
        found += [PAUSE] if found else []
        found += map(speech.digit, tail[:size])
        tail = tail[size:]
    return tuple(found)


def _money(speech: Speech, _kind: str, value: str) -> Words:
    if not re.fullmatch(r"[0-9]{1,12}([.][0-9]{1,2})?", value, re.ASCII):
        raise ValueError
    return speech.money(int(Decimal(value) * 100))


def _clock(speech: Speech, _kind: str, value: str) -> Words:
    return speech.clock(datetime.strptime(value, "%H:%M").time())  # noqa: DTZ007 - an hour of the day has no zone


KINDS: Final[Mapping[str, Callable[[Any, str, str], Words]]] = {
    "number": lambda speech, _, value: speech.number(_whole(value)),
    "count": lambda speech, _, value: speech.count(_whole(value, least=0)),
    "digits": _figures,
    "phone": _figures,
    "ticket_number": _figures,
    "date": lambda speech, _, value: speech.day(date.fromisoformat(value)),
    "time": _clock,
    "money": _money,
    "minutes": lambda speech, _, value: speech.minutes(_whole(value, least=0)),
}
