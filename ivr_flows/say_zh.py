"""Mandarin: how numbers, days, hours and amounts are said."""

from collections.abc import Iterator
from datetime import date, time
from typing import Final

Words = tuple[str, ...]

UNITS: Final = ((10**8, "say-100000000"), (10**4, "say-10000"), (1000, "say-1000"), (100, "say-100"), (10, "say-10"))
"""亿 万 千 百 十"""
ZERO, LIANG, YAO = "say-0", "say-liang", "say-yao"
HOURS: Final = (
    (5, "say-before-dawn"), (8, "say-morning"), (11, "say-forenoon"), (12, "say-noon"), (17, "say-afternoon"),
    (23, "say-evening"),
)  # fmt: skip
"""凌晨 早上 上午 中午 下午 晚上, each until its last hour."""
WORDS: Final = frozenset(
    {f"say-{figure}" for figure in range(10)}
    | {word for _, word in (*UNITS, *HOURS)}
    | {LIANG, YAO, "say-minus", "say-month", "say-day", "say-oclock", "say-half", "say-minute"}
    | {"say-yuan", "say-jiao", "say-fen", "say-hours", "say-minutes"}
)


def number(value: int) -> Words:
    """一百零五, 十二, 一万零三百, 两千; 二 at the end and before 十 and 百."""
    return ("say-minus", *_plain(-value)) if value < 0 else tuple(_plain(value))


def _plain(value: int, *, is_first: bool = True) -> Iterator[str]:
    for unit, word in UNITS:
        if value >= unit:
            head, rest = divmod(value, unit)
            if head == 2 and unit >= 1000:
                yield LIANG
            elif unit > 10 or head > 1 or not is_first:  # 十二, but 一百一十二
                yield from _plain(head, is_first=is_first)
            yield word
            if rest:
                if rest < unit // 10:
                    yield ZERO
                yield from _plain(rest, is_first=False)
            return
    yield f"say-{value}"


def count(value: int) -> Words:
    """Before what is counted: 两位, 两分钟."""
    return (LIANG,) if value == 2 else number(value)


def digit(figure: str) -> str:
    """1 is 幺, so that it is not heard as 七."""
    return YAO if figure == "1" else f"say-{figure}"


def day(value: date) -> Words:
    """十二月一日."""
    return (*number(value.month), "say-month", *number(value.day), "say-day")


def clock(value: time) -> Words:
    """下午两点零五分, 上午九点半, 中午十二点, 凌晨零点."""
    part = next(word for last, word in HOURS if value.hour <= last)
    hour = value.hour - 12 if value.hour > 12 else value.hour
    return part, *count(hour), "say-oclock", *_past(value.minute)


def _past(minute: int) -> Words:
    if minute in {0, 30}:
        return ("say-half",) if minute else ()
    return (*((ZERO,) if minute < 10 else ()), *number(minute), "say-minute")


def money(fen: int) -> Words:
    """一万零三百元五角, 三元零五分, 五角, 零元."""
    yuan, small = divmod(fen, 100)
    jiao, rest = divmod(small, 10)
    said: list[str] = []
    if yuan or not small:
        said += [*count(yuan), "say-yuan"]
    if jiao:
        said += [*count(jiao), "say-jiao"]
    if rest:
        said += [*((ZERO,) if yuan and not jiao else ()), *count(rest), "say-fen"]
    return tuple(said)


def minutes(value: int) -> Words:
    """两分钟, 一小时零五分钟, 两小时."""
    hours, rest = divmod(value, 60)
    said: list[str] = [*count(hours), "say-hours"] if hours else []
    if rest or not hours:
        said += [*((ZERO,) if hours and rest < 10 else ()), *count(rest), "say-minutes"]
    return tuple(said)
