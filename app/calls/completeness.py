"""Is every call of a retained line with us? Its exchange's list of a day against our records (R13). Pure.

A call is the same where its id is, or else where the caller's number is and both began within `tolerance`. Numbers are
paired in order of time, which finds the most pairs that there are.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from app.calls.cdr_file import BrokenRow, CdrFile, CdrRow
from app.platform.clock import SHANGHAI, to_shanghai

TOLERANCE = timedelta(seconds=60)
"""Two clocks differ, and a forwarded call reaches us a greeting later."""
MAX_TOLERANCE = timedelta(hours=1)


@dataclass(frozen=True)
class OurCall:
    """What the comparison looks at in a record of ours."""

    call_id: str
    node: str
    arrived_at: datetime
    caller_number: str | None


@dataclass
class Comparison:
    """What both sides have, and what one of them misses."""

    line: str
    day: date
    matched: list[tuple[CdrRow, OurCall]] = field(default_factory=list)
    missing_here: list[CdrRow] = field(default_factory=list)
    missing_there: list[OurCall] = field(default_factory=list)
    doubled_here: list[OurCall] = field(default_factory=list)
    """Ours, beside another record of the same call: told twice, e.g. by the exchange and by a forwarded leg."""
    repeated_rows: list[CdrRow] = field(default_factory=list)
    foreign_rows: list[CdrRow] = field(default_factory=list)
    """Of another day or another line."""
    broken: list[BrokenRow] = field(default_factory=list)

    @property
    def theirs(self) -> int:
        """Calls of that day and line in the file, each once."""
        return len(self.matched) + len(self.missing_here)

    @property
    def ours(self) -> int:
        """Calls of that day and line in our records."""
        return len(self.matched) + len(self.missing_there) + len(self.doubled_here)

    @property
    def is_complete(self) -> bool:
        """Every call of the file is with us, once, and every row could be read."""
        return not (self.missing_here or self.doubled_here or self.broken)


def begin_of(day: date) -> datetime:
    """00:00 Asia/Shanghai."""
    return datetime.combine(day, time.min, SHANGHAI)


def compare(
    file: CdrFile, records: Iterable[OurCall], *, line: str, day: date, tolerance: timedelta = TOLERANCE
) -> Comparison:
    """Compare. `records` are those of the line, from `tolerance` before the day until `tolerance` after it."""
    result = Comparison(line, day, broken=list(file.broken))
    rows = _rows_of_day(file.rows, result)
    ours = sorted(records, key=lambda call: (call.arrived_at, call.call_id))
    taken: set[str] = set()
    rows = _match_ids(rows, ours, result, taken)
    _match_numbers(rows, [call for call in ours if call.call_id not in taken], result, taken, tolerance)
    result.matched.sort(key=lambda pair: pair[0].row)
    result.missing_here.sort(key=lambda row: row.row)
    known: dict[str | None, list[CdrRow]] = defaultdict(list)
    for row, _ in result.matched:
        known[row.caller_number].append(row)
    for call in ours:
        if call.call_id not in taken and to_shanghai(call.arrived_at).date() == day:
            rows_of_caller = known[call.caller_number] if call.caller_number else []
            is_double = any(_is_same(row, call, tolerance) for row in rows_of_caller)
            (result.doubled_here if is_double else result.missing_there).append(call)
    return result


def _rows_of_day(rows: Sequence[CdrRow], result: Comparison) -> list[CdrRow]:
    kept = []
    seen: set[object] = set()
    for row in rows:
        is_named = row.call_id or row.caller_number  # two who withhold their number may begin in one second
        key: object = row.call_id or (row.started_at, row.caller_number if is_named else row.row)
        if to_shanghai(row.started_at).date() != result.day or (row.line and not row.line.endswith(result.line)):
            result.foreign_rows.append(row)
        elif key in seen:
            result.repeated_rows.append(row)
        else:
            seen.add(key)
            kept.append(row)
    return kept


def _match_ids(rows: list[CdrRow], ours: list[OurCall], result: Comparison, taken: set[str]) -> list[CdrRow]:
    by_id = {call.call_id: call for call in ours}
    by_id |= {call.call_id.removeprefix(f"{call.node}-"): call for call in ours}
    left = []
    for row in rows:
        call = by_id.get(row.call_id) if row.call_id else None
        if call is None or call.call_id in taken:
            left.append(row)
        else:
            taken.add(call.call_id)
            result.matched.append((row, call))
    return left


def _match_numbers(
    rows: list[CdrRow], ours: list[OurCall], result: Comparison, taken: set[str], tolerance: timedelta
) -> None:
    waiting: dict[str | None, deque[OurCall]] = defaultdict(deque)
    for call in ours:
        waiting[call.caller_number].append(call)
    for row in sorted(rows, key=lambda row: (row.started_at, row.row)):
        queue = waiting[row.caller_number]
        while queue and queue[0].arrived_at < row.started_at - tolerance:
            queue.popleft()  # too early for this row, and so for every later one
        if queue and _is_same(row, queue[0], tolerance):
            call = queue.popleft()
            taken.add(call.call_id)
            result.matched.append((row, call))
        else:
            result.missing_here.append(row)


def _is_same(row: CdrRow, call: OurCall, tolerance: timedelta) -> bool:
    return row.caller_number == call.caller_number and abs(call.arrived_at - row.started_at) <= tolerance
