"""The clock by which the dialplan decides modes: the machine's, moved where a coming day is rehearsed."""

import re

from dialplan.asterisk import cli
from dialplan.settings import DialplanSettings

GLOBAL = "HL_CLOCK_OFFSET_SECONDS"
"""Added to the machine's clock; empty is 0. Only the console sets it, and a restart forgets it."""


def offset_in(answer: str) -> int:
    """The offset that Asterisk's list of globals tells; 0 when there is none."""
    found = re.search(rf"{GLOBAL}=(-?\d+)", answer)
    return int(found[1]) if found else 0


def read_offset(settings: DialplanSettings) -> int:
    """Seconds by which this node's clock is moved; 0 is the real time. Raises OSError when Asterisk does not answer."""
    return offset_in(cli(settings, "dialplan show globals"))


def find_offset(settings: DialplanSettings) -> int:
    """The same; 0 when Asterisk does not answer: one that does not run has the real time."""
    try:
        return read_offset(settings)
    except OSError:
        return 0


def move(settings: DialplanSettings, seconds: int) -> None:
    """Handle calls as at a moment so far from now; 0: the real time. Raises OSError."""
    value = str(seconds) if seconds else '""'
    cli(settings, f"dialplan set global {GLOBAL} {value}")
