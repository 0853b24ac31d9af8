"""What is known of every line now, for those who must know when one fails: ops staff, supervisors, the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.lines.models import Line
from app.probes.alarms import open_alarms
from app.probes.models import LineAlarm, Probe, ProbeFault, ProbeStatus
from app.probes.rules import FAULT_TEXTS, UNTROUBLED, VERDICT_TEXTS, Verdict, verdict_of
from app.probes.service import EMERGENCY, latest_probes, list_probed_lines


@dataclass(frozen=True)
class WatchedLine:
    """A line of the plan in force. `last` is its last test call that is over, `heard_at` when one could be made."""

    line: Line
    verdict: Verdict
    last: Probe | None
    heard_at: datetime | None
    alarm: LineAlarm | None

    @property
    def is_troubled(self) -> bool:
        """Whether somebody should look."""
        return self.verdict not in UNTROUBLED

    @property
    def text(self) -> str:
        """What is wrong, in Chinese."""
        if self.verdict is Verdict.FAILING and self.alarm is not None:
            return FAULT_TEXTS[ProbeFault(self.alarm.fault)]
        return VERDICT_TEXTS[self.verdict]


@dataclass(frozen=True)
class Watch:
    """Every line of the plan in force that is no emergency number, by number."""

    lines: Sequence[WatchedLine]

    @property
    def troubled(self) -> list[WatchedLine]:
        """Those of which somebody should know, the worst first."""
        order = list(Verdict)
        found = [one for one in self.lines if one.is_troubled]
        return sorted(found, key=lambda one: (-order.index(one.verdict), one.line.number))

    @property
    def waiting(self) -> int:
        """How many lines wait for their first test call."""
        return sum(one.verdict is Verdict.NOT_YET for one in self.lines)

    @property
    def oldest_heard_at(self) -> datetime | None:
        """Of the lines that are well, the result that is the oldest."""
        return min((one.heard_at for one in self.lines if one.verdict is Verdict.WELL and one.heard_at), default=None)


def watch_lines(session: Session, *, now: datetime, every: timedelta) -> Watch:
    """`every`: how often each line is dialled; zero: by hand only."""
    served = select(Line).where(Line.plan != "", Line.category != EMERGENCY).order_by(Line.number)
    lines = list(session.scalars(served))
    probed = [line.number for line in list_probed_lines(session)]
    last, heard = latest_probes(session, probed), latest_probes(session, probed, is_heard=True)
    alarms = open_alarms(session, probed)

    def watched(line: Line) -> WatchedLine:
        number = line.number
        over, alarm = last.get(number), alarms.get(number)
        heard_at = heard[number].finished_at if number in heard else None
        verdict = Verdict.NOT_PROBED
        if number in known:
            verdict = verdict_of(
                is_alarmed=alarm is not None, last_fault=over.fault if over else None, heard_at=heard_at,
                since=line.taken_over_at, now=now, every=every,
            )  # fmt: skip
        return WatchedLine(line, verdict, over, heard_at, alarm)

    known = set(probed)
    return Watch([watched(line) for line in lines])


def lines_under_way(session: Session) -> set[str]:
    """Lines with a test call that is ordered or running."""
    undone = (ProbeStatus.ORDERED, ProbeStatus.RUNNING)
    return set(session.scalars(select(Probe.line).where(Probe.status.in_(undone))))
