"""What a test call must have heard and left behind, and which line's turn it is. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from app.probes.models import Fault

LEAST_AUDIO_MS = 500
LEAST_LOUDNESS = 200
"""Root mean square of the loudest tenth of a second, of 32767: about -44 dBFS. Prompts have thousands."""
LEAST_PER_SWEEP = 2
AGAIN_AFTER = timedelta(minutes=2)
"""A line that fails is dialled again so soon."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NOBODY_ANSWERED = frozenset({408, 480, 487})
"""487: we gave up ourselves."""

FAULT_TEXTS: Mapping[Fault, str] = MappingProxyType(
    {
        Fault.CANNOT_DIAL: "拨测程序未能拨号",
        Fault.NO_ANSWER: "无人应答",
        Fault.REFUSED: "呼叫被拒绝",
        Fault.BROKEN_OFF: "接通后立即挂断",
        Fault.SILENT: "接通后没有声音",
        Fault.NO_RECORD: "没有通话记录",
        Fault.WRONG_LINE: "来话热线识别错误",
    }
)
"""What people read."""


@dataclass(frozen=True)
class Dialled:
    """What a test call met. `sip_status` None: no final answer came."""

    sip_status: int | None = None
    answer_ms: int | None = None
    audio_ms: int = 0
    loudness: int = 0
    is_cut_off: bool = False
    """The other side hung up before we had listened long enough."""
    failure: str = ""
    """Why nothing could be dialled at all: our own fault, not the line's."""


def fault_of_sound(dialled: Dialled) -> Fault | None:
    """What was wrong with the call itself; None when it was answered and something was heard."""
    if dialled.failure:
        return Fault.CANNOT_DIAL
    if dialled.sip_status in {None, *NOBODY_ANSWERED}:
        return Fault.NO_ANSWER
    if dialled.sip_status != 200:
        return Fault.REFUSED
    if dialled.audio_ms >= LEAST_AUDIO_MS:
        return Fault.SILENT if dialled.loudness < LEAST_LOUDNESS else None
    return Fault.BROKEN_OFF if dialled.is_cut_off else Fault.SILENT


def fault_of_record(line: str, found_line: str | None) -> Fault | None:
    """What was wrong with what the store knows; `found_line` None: it knows no such call."""
    if found_line is None:
        return Fault.NO_RECORD
    return None if found_line == line else Fault.WRONG_LINE


def caller_of(probe_id: int) -> str:
    """A number of eleven digits that nobody has: it finds the call's record, and cannot be called back."""
    return f"9{probe_id % 10**10:010d}"


def lines_due(
    last_ordered: Mapping[str, datetime | None],
    *,
    now: datetime,
    every: timedelta,
    failing: Collection[str] = (),
) -> list[str]:
    """Lines whose last test call is `every` ago or longer, the longest ago first; not all at once after a start.

    One sweep a minute takes so many that all have had their turn in time. Those that fail come first and come again
    soon, so that an alarm ends when its cause does.
    """
    if not every:
        return []
    minutes = max(every // timedelta(minutes=1), 1)
    at_once = max(-(-len(last_ordered) // minutes), LEAST_PER_SWEEP)
    due = [
        (line not in failing, at or LONG_AGO, line)
        for line, at in last_ordered.items()
        if at is None or now - at >= (min(every, AGAIN_AFTER) if line in failing else every)
    ]
    return [line for *_, line in sorted(due)][:at_once]
