"""Is every call of a retained line with us? Its exchange's list of a day against our records (R13). Pure.

A call is the same where its id is, or else where the caller's number is and both began within `tolerance`. Numbers are
paired in order of time, which finds the most pairs that there are.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Sequence
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
    twins: dict[str, str] = field(default_factory=dict)
    """Of each in `doubled_here`: its call id → that of the other record."""
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
        return not (self.missing_here or self.doubled_here or self.broken or self.is_another_list)

    @property
    def is_another_list(self) -> bool:
        """There are rows, but none of this line and day: nothing was compared."""
        return not self.theirs and bool(self.foreign_rows)


def begin_of(day: date) -> datetime:
    """00:00 Asia/Shanghai."""
    return datetime.combine(day, time.min, SHANGHAI)


def compare(
    file: CdrFile,
    records: Iterable[OurCall],
    *,
    line: str,
    day: date,
    aliases: Collection[str] = (),
    tolerance: timedelta = TOLERANCE,
) -> Comparison:
    """Compare. `records` are those of the line, from `tolerance` before the day until `tolerance` after it.

    `aliases`: other numbers that stand for the line on this day. A row that names neither it nor one is left out.
    """
    result = Comparison(line, day, broken=list(file.broken))
    rows = _rows_of_day(file.rows, result, (line, *aliases))
    ours = sorted(records, key=lambda call: (call.arrived_at, call.call_id))
    taken: set[str] = set()
    rows = _match_ids(rows, ours, result, taken)
    _match_numbers(rows, [call for call in ours if call.call_id not in taken], result, taken, tolerance)
    result.matched.sort(key=lambda pair: pair[0].row)
    result.missing_here.sort(key=lambda row: row.row)
    _tell_doubles([call for call in ours if call.call_id not in taken], ours, result, tolerance)
    return result


def _tell_doubles(left: list[OurCall], ours: list[OurCall], result: Comparison, tolerance: timedelta) -> None:
    """What the file does not have: beside its twin a double, else missing there.

    A twin is the record of a row that this call fits as well, or one that another node told of the same number within
    `tolerance`: the exchange itself reported the call, and forwarded it to us. Of such two the later one is the double.
    """
    of_caller: dict[str, list[OurCall]] = defaultdict(list)
    for call in ours:
        if call.caller_number:
            of_caller[call.caller_number].append(call)
    rows: dict[str, list[tuple[CdrRow, OurCall]]] = defaultdict(list)
    for row, call in result.matched:
        if row.caller_number:
            rows[row.caller_number].append((row, call))
    is_left = {call.call_id for call in left}
    for call in left:
        number = call.caller_number or ""
        twin = next((other for row, other in rows[number] if _is_same(row, call, tolerance)), None)
        twin = twin or _told_by_another_node(call, of_caller[number], is_left, tolerance)
        if to_shanghai(call.arrived_at).date() != result.day:
            continue
        if twin is None:
            result.missing_there.append(call)
        else:
            result.doubled_here.append(call)
            result.twins[call.call_id] = twin.call_id


def _told_by_another_node(
    call: OurCall, of_caller: list[OurCall], is_left: set[str], tolerance: timedelta
) -> OurCall | None:
    begin = bisect_left(of_caller, call.arrived_at - tolerance, key=lambda other: other.arrived_at)
    for other in of_caller[begin:]:
        if other.arrived_at > call.arrived_at + tolerance:
            return None
        is_first = (other.arrived_at, other.call_id) < (call.arrived_at, call.call_id)
        if other.node != call.node and (is_first or other.call_id not in is_left):
            return other
    return None


def _rows_of_day(rows: Sequence[CdrRow], result: Comparison, numbers: tuple[str, ...]) -> list[CdrRow]:
    """Rows of the day that name no number, or one of these at its end: 0375-12315 has its area code before it."""
    kept = []
    seen: set[object] = set()
    for row in rows:
        is_named = row.call_id or row.caller_number  # two who withhold their number may begin in one second
        key: object = row.call_id or (row.started_at, row.caller_number if is_named else row.row)
        if to_shanghai(row.started_at).date() != result.day or (row.line and not row.line.endswith(numbers)):
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
