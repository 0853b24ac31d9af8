"""What a test call must have heard and left behind, and which line's turn it is. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.probes.models import ProbeFault

LEAST_AUDIO_MS = 500
LEAST_LOUDNESS = 200
"""Root mean square of the loudest tenth of a second, of 32767: about -44 dBFS. Prompts have thousands."""
LEAST_PER_SWEEP = 2
AGAIN_AFTER = timedelta(minutes=2)
"""A line that fails is dialled again so soon."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NOBODY_ANSWERED = frozenset({408, 480, 487})
"""487: we gave up ourselves."""

FAULT_TEXTS: Mapping[ProbeFault, str] = MappingProxyType(
    {
        ProbeFault.CANNOT_DIAL: "拨测程序未能拨号",
        ProbeFault.NO_ANSWER: "无人应答",
        ProbeFault.REFUSED: "呼叫被拒绝",
        ProbeFault.BROKEN_OFF: "接通后立即挂断",
        ProbeFault.SILENT: "接通后没有声音",
        ProbeFault.NO_RECORD: "没有通话记录",
        ProbeFault.WRONG_LINE: "来话热线识别错误",
    }
)
"""What people read."""


class Verdict(StrEnum):
    """What is known of a line now. Good news grows old: only its age keeps it good."""

    WELL = "well"
    NOT_YET = "not_yet"
    """New: its first test call is still to come."""
    NOT_PROBED = "not_probed"
    """The plan has no probe trunk, so it is never dialled."""
    OVERDUE = "overdue"
    """No test call has said anything of it for too long; nobody knows."""
    CANNOT_DIAL = "cannot_dial"
    """The last test call could not be made."""
    FAILING = "failing"


UNTROUBLED = frozenset({Verdict.WELL, Verdict.NOT_YET})
VERDICT_TEXTS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.WELL: "正常",
        Verdict.NOT_YET: "等待首次拨测",
        Verdict.NOT_PROBED: "方案里没有拨测中继",
        Verdict.OVERDUE: "结果已过期",
        Verdict.CANNOT_DIAL: "拨不出去",
        Verdict.FAILING: "异常",
    }
)
BELIEVED_LONGER = timedelta(minutes=10)
BELIEVED_BY_HAND = timedelta(days=1)


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


def fault_of_sound(dialled: Dialled) -> ProbeFault | None:
    """What was wrong with the call itself; None when it was answered and something was heard."""
    if dialled.failure:
        return ProbeFault.CANNOT_DIAL
    if dialled.sip_status in {None, *NOBODY_ANSWERED}:
        return ProbeFault.NO_ANSWER
    if dialled.sip_status != 200:
        return ProbeFault.REFUSED
    if dialled.audio_ms >= LEAST_AUDIO_MS:
        return ProbeFault.SILENT if dialled.loudness < LEAST_LOUDNESS else None
    return ProbeFault.BROKEN_OFF if dialled.is_cut_off else ProbeFault.SILENT


def fault_of_record(line: str, found_line: str | None) -> ProbeFault | None:
    """What was wrong with what the store knows; `found_line` None: it knows no such call."""
    if found_line is None:
        return ProbeFault.NO_RECORD
    return None if found_line == line else ProbeFault.WRONG_LINE


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


def believed_for(every: timedelta) -> timedelta:
    """How long a result says something of the present: until the next one is surely due. `every` zero: by hand only."""
    return every + max(every / 2, BELIEVED_LONGER) if every else BELIEVED_BY_HAND


def verdict_of(
    *, is_alarmed: bool, last_fault: str | None, heard_at: datetime | None, since: datetime | None, now: datetime,
    every: timedelta,
) -> Verdict:  # fmt: skip
    """What is known of a line that is dialled.

    `last_fault` is of its last test call, `heard_at` when one last said anything of the line, `since` when the line
    came into the plan. Age decides: a worker that is dead leaves the last good result behind.
    """
    if is_alarmed:
        return Verdict.FAILING
    if last_fault == ProbeFault.CANNOT_DIAL:
        return Verdict.CANNOT_DIAL
    known = heard_at or since
    if known is None or now - known > believed_for(every):
        return Verdict.OVERDUE
    return Verdict.WELL if heard_at else Verdict.NOT_YET
