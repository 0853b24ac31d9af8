"""Count how callers go through flows: from the facts that are kept anyway, afterwards, so that no call waits for it.

The sweep goes on from the last fact it counted. Two writers may commit in another order than their rows were numbered,
so the newest facts are left for the next time; mark and counts move in one transaction, so each fact counts once.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pydantic import ValidationError
from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import Session

from app.calls.models import Call, CallEventRow
from app.contract.events import CallEvent, EventType, IntakeRecorded
from app.contract.flows import NodeTraffic, Traffic
from app.flows.models import INSIDE, WHOLE, FlowCountMark, FlowNodeCount
from app.platform.clock import to_shanghai
from app.platform.database import insert_ignore, table_of

SETTLED = timedelta(seconds=60)
"""No transaction that keeps facts takes longer; what is older is all there."""
FACTS_AT_ONCE = 20_000
HUNG_UP = frozenset({"hung_up", "broken"})
Key = tuple[date, str, int, str, str]

_COUNTS = table_of(FlowNodeCount)
_KEY = ("day", "flow", "version", "node", "left_by")


@dataclass
class Tally:
    """What is added to the table: callers and milliseconds by key."""

    callers: Counter[Key] = field(default_factory=Counter)
    spent_ms: Counter[Key] = field(default_factory=Counter)

    def add(self, intake: IntakeRecorded, day: date) -> None:
        """One run: as a whole, and each node that was left."""
        self._count((day, intake.flow, intake.flow_version, WHOLE, intake.route), sum(one.ms for one in intake.path))
        for visit in intake.path:
            flow, _, node = visit.node.rpartition("/")
            place = (flow, INSIDE) if flow else (intake.flow, intake.flow_version)
            self._count((day, *place, node, visit.left_by), visit.ms)

    def _count(self, key: Key, spent_ms: int) -> None:
        self.callers[key] += 1
        self.spent_ms[key] += spent_ms


def count_runs(session: Session, *, now: datetime) -> bool:
    """Count the next facts. False: all that is settled is counted."""
    session.execute(insert_ignore(session, FlowCountMark).values(id=1, counted_to=0, counted_at=now))
    mark = session.scalars(select(FlowCountMark).with_for_update()).one()
    newer = select(CallEventRow.id, CallEventRow.received_at).where(CallEventRow.id > mark.counted_to)
    rows = session.execute(newer.order_by(CallEventRow.id).limit(FACTS_AT_ONCE)).all()
    settled = [row.id for row in _until(rows, now - SETTLED)]
    if settled:
        tally = Tally()
        for occurred_at, body in _intakes(session, mark.counted_to, settled[-1]):
            _add(tally, body, to_shanghai(occurred_at).date())
        _write(session, tally)
        mark.counted_to = settled[-1]
    mark.counted_at = now
    return len(settled) == FACTS_AT_ONCE


def _until(rows: Iterable, moment: datetime) -> Iterable:  # type: ignore[type-arg]
    for row in rows:
        if row.received_at > moment:
            return
        yield row


def _intakes(session: Session, after: int, upto: int) -> Iterable[tuple[datetime, dict[str, object]]]:
    """Of citizens' calls; test calls go through flows too, and are nobody's habits."""
    query = (
        select(CallEventRow.occurred_at, CallEventRow.body)
        .outerjoin(Call, Call.call_id == CallEventRow.call_id)
        .where(CallEventRow.id > after, CallEventRow.id <= upto, CallEventRow.type == EventType.INTAKE_RECORDED.value)
        .where(Call.is_test.is_not(True))
    )
    return ((row.occurred_at, row.body) for row in session.execute(query))


def _add(tally: Tally, body: dict[str, object], day: date) -> None:
    try:
        payload = CallEvent.model_validate(body).payload
    except ValidationError:
        return  # of an older release: what it does not tell cannot be counted
    if isinstance(payload, IntakeRecorded):
        tally.add(payload, day)


def _write(session: Session, tally: Tally) -> None:
    keys = sorted(tally.callers)
    if not keys:
        return
    session.execute(
        insert_ignore(session, FlowNodeCount),
        [{**dict(zip(_KEY, key, strict=True)), "callers": 0, "spent_ms": 0} for key in keys],
    )
    matches = [getattr(_COUNTS.c, name) == bindparam(f"the_{name}") for name in _KEY]
    more = {"callers": _COUNTS.c.callers + bindparam("n"), "spent_ms": _COUNTS.c.spent_ms + bindparam("ms")}
    session.connection().execute(
        update(_COUNTS).where(*matches).values(**more),
        [
            {**{f"the_{name}": value for name, value in zip(_KEY, key, strict=True)}, "n": tally.callers[key],
             "ms": tally.spent_ms[key]}
            for key in keys
        ],
    )  # fmt: skip


def read_traffic(session: Session, flow: str, *, since: date, version: int | None = None) -> Traffic:
    """How callers went through a flow since a day, inside other flows too; of one version: as it ran by itself."""
    query = (
        select(FlowNodeCount.node, FlowNodeCount.left_by, func.sum(FlowNodeCount.callers), _spent())
        .where(FlowNodeCount.flow == flow, FlowNodeCount.day >= since, FlowNodeCount.node != WHOLE)
        .group_by(FlowNodeCount.node, FlowNodeCount.left_by)
        .order_by(FlowNodeCount.node, FlowNodeCount.left_by)
    )
    if version is not None:
        query = query.where(FlowNodeCount.version == version)
    left: dict[str, dict[str, int]] = {}
    spent: Counter[str] = Counter()
    for node, left_by, callers, ms in session.execute(query):
        left.setdefault(node, {})[left_by] = int(callers)
        spent[node] += int(ms)
    return Traffic(
        nodes={
            node: NodeTraffic(
                entered=(entered := sum(ways.values())), mean_ms=round(spent[node] / max(entered, 1)),
                hang_ups=sum(count for way, count in ways.items() if way in HUNG_UP), left=ways,
            )
            for node, ways in left.items()
        }
    )  # fmt: skip


def read_runs(session: Session, *, since: date, flow: str = "") -> dict[str, dict[str, int]]:
    """Flow → route → how many runs ended so since a day."""
    query = (
        select(FlowNodeCount.flow, FlowNodeCount.left_by, func.sum(FlowNodeCount.callers))
        .where(FlowNodeCount.day >= since, FlowNodeCount.node == WHOLE)
        .group_by(FlowNodeCount.flow, FlowNodeCount.left_by)
        .order_by(FlowNodeCount.flow, FlowNodeCount.left_by)
    )
    if flow:
        query = query.where(FlowNodeCount.flow == flow)
    runs: dict[str, dict[str, int]] = {}
    for name, route, callers in session.execute(query):
        runs.setdefault(name, {})[route] = int(callers)
    return runs


def counted_at(session: Session) -> datetime | None:
    """When it was last counted; none: never."""
    return session.scalar(select(FlowCountMark.counted_at))


def _spent() -> ColumnElement[int]:
    return func.sum(FlowNodeCount.spent_ms)
