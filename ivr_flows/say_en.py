"""English: how numbers, days, hours and amounts are said."""

from collections.abc import Iterator
from datetime import date, time
from typing import Final

Words = tuple[str, ...]

SCALES: Final = ((10**9, "say-1000000000"), (10**6, "say-1000000"), (1000, "say-1000"))
HUNDRED, AND, OH = "say-100", "say-and", "say-oh"
TENS: Final = range(20, 100, 10)
ORDINALS: Final = (*range(1, 21), 30)
WORDS: Final = frozenset(
    {f"say-{figure}" for figure in (*range(20), *TENS)}
    | {word for _, word in SCALES}
    | {f"say-month-{month}" for month in range(1, 13)}
    | {f"say-nth-{day}" for day in ORDINALS}
    | {HUNDRED, AND, OH, "say-minus", "say-am", "say-pm", "say-midnight", "say-noon", "say-yuan", "say-jiao", "say-fen"}
    | {"say-hour", "say-hours", "say-minute", "say-minutes"}
)


def number(value: int) -> Words:
    """One hundred and five; two thousand and one; ten thousand three hundred."""
    return ("say-minus", *_plain(-value)) if value < 0 else tuple(_plain(value))


def _plain(value: int) -> Iterator[str]:
    for scale, word in (*SCALES, (100, HUNDRED)):
        if value >= scale:
            head, rest = divmod(value, scale)
            yield from (*_plain(head), word)
            if rest:
                yield from (*((AND,) if rest < 100 else ()), *_plain(rest))
            return
    if value < 20 or value % 10 == 0:
        yield f"say-{value}"
    else:
        yield from (f"say-{value - value % 10}", f"say-{value % 10}")


count = number


def digit(figure: str) -> str:
    """Figure by figure."""
    return f"say-{figure}"


def day(value: date) -> Words:
    """December first, May twenty-second."""
    tens = value.day - value.day % 10
    if value.day in ORDINALS:
        return f"say-month-{value.month}", f"say-nth-{value.day}"
    return f"say-month-{value.month}", f"say-{tens}", f"say-nth-{value.day % 10}"


def clock(value: time) -> Words:
    """Two oh five p.m., nine thirty a.m., twelve noon."""
    if value.minute == 0 and value.hour in {0, 12}:
        return "say-12", "say-noon" if value.hour else "say-midnight"
    past = (*((OH,) if value.minute < 10 else ()), *number(value.minute)) if value.minute else ()
    return f"say-{value.hour % 12 or 12}", *past, "say-pm" if value.hour >= 12 else "say-am"


def money(fen: int) -> Words:
    """Ten thousand three hundred yuan and five jiao; three yuan and five fen."""
    yuan, small = divmod(fen, 100)
    said: list[str] = [*number(yuan), "say-yuan"] if yuan or not small else []
    if small:
        said += [AND] if yuan else []
        said += [*number(small), "say-fen"] if small % 10 else [*number(small // 10), "say-jiao"]
    return tuple(said)


def minutes(value: int) -> Words:
    """One minute, two hours and five minutes."""
    hours, rest = divmod(value, 60)
    said: list[str] = [*number(hours), _of(hours, "say-hour")] if hours else []
    if rest or not hours:
        said += [*((AND,) if hours else ()), *number(rest), _of(rest, "say-minute")]
    return tuple(said)


def _of(value: int, word: str) -> str:
    return word if value == 1 else f"{word}s"
