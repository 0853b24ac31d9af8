"""Join the records of one call that a retained line's exchange reported and forwarded to us (ADR 0180).

Judged anew with each fact that says more, so the order in which they come does not matter, and a join that later facts
contradict ends by itself. Both records keep their facts; `calls.same_as` names the one that counts.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.accounts.models import ServiceToken
from app.calls.models import Call, JoinedCall
from app.calls.twins import DIVERTED, Pair, come_back_of, pairs_of
from app.contract.events import LineRule
from app.lines.models import Trunk
from app.lines.rules import MAIN_LINE
from app.platform.errors import NotFound

LONGEST_CALL = timedelta(hours=4)
"""Calls that began so long apart are not compared."""

log = structlog.get_logger()


def judge_twins(session: Session, calls: Iterable[Call], *, now: datetime) -> list[Call]:
    """Join and part the records of these callers anew; the calls of which `same_as` has changed."""
    of_caller: dict[str, list[Call]] = defaultdict(list)
    for call in _that_may_be_twins(session, calls):
        of_caller[call.caller_number or ""].append(call)
    if not of_caller:
        return []
    exchanges = _exchanges(session)
    moved = []
    for number, of_number in sorted(of_caller.items()):
        is_told = any(call.original_line in exchanges.values() for call in of_number)
        may_be_back = any(c.forward_trunk or c.line_rule in {LineRule.TRUNK, LineRule.MAIN} for c in of_number)
        if is_told or may_be_back:
            moments = [call.arrived_at for call in of_number]
            found = _records(session, number, min(moments) - LONGEST_CALL, max(moments) + LONGEST_CALL)
            moved += _judge(session, found, exchanges, now)
    return moved


def _that_may_be_twins(session: Session, calls: Iterable[Call]) -> list[Call]:
    """Calls to lines, and those to 12345 that came from a department: looked at once, when they have ended."""
    known = [call for call in calls if call.caller_number and call.original_line and not call.is_test]
    to_main = [call for call in known if call.original_line == MAIN_LINE and call.ended_at is not None]
    trunks = {call.trunk for call in to_main}
    departments = set[str]()
    if trunks:
        departments.update(session.scalars(select(Trunk.name).where(Trunk.dials_out, Trunk.name.in_(sorted(trunks)))))
    return [c for c in known if c.original_line != MAIN_LINE] + [c for c in to_main if c.trunk in departments]


def part(session: Session, call_id: str, *, actor: Actor, reason: str, now: datetime) -> list[Call]:
    """A person says that these are two calls: they are never joined again. The calls that have moved. NotFound."""
    is_one_of_them = (JoinedCall.told_call_id == call_id) | (JoinedCall.own_call_id == call_id)
    row = session.scalar(select(JoinedCall).where(is_one_of_them, JoinedCall.parted_at.is_(None)).with_for_update())
    if row is None:
        raise NotFound(f"通话 {call_id} 没有与其他记录合并")
    row.parted_at, row.parted_by, row.reason = now, actor.name, reason
    query = select(Call).where(Call.call_id.in_((row.told_call_id, row.own_call_id))).order_by(Call.call_id)
    calls = list(session.scalars(query.with_for_update()))
    audit.record(
        session, actor, "calls_parted", at=now, object_type="call", object_id=row.own_call_id,
        detail={"told_call_id": row.told_call_id, "reason": reason},
    )  # fmt: skip
    session.flush()
    return judge_twins(session, calls, now=now)


def _exchanges(session: Session) -> dict[str, str]:
    """The line that each foreign exchange reports, by its node."""
    query = select(ServiceToken.node, ServiceToken.line).where(
        ServiceToken.line.is_not(None), ServiceToken.node.is_not(None)
    )
    return {node or "": line or "" for node, line in session.execute(query)}


def _records(session: Session, number: str, since: datetime, until: datetime) -> list[Call]:
    """All records of this caller, locked in the order of their ids."""
    query = select(Call).where(
        Call.caller_number == number, Call.is_test.is_(False), Call.arrived_at.between(since, until)
    )
    return list(session.scalars(query.order_by(Call.call_id).with_for_update()))


def _judge(session: Session, found: list[Call], exchanges: dict[str, str], now: datetime) -> list[Call]:
    rows = list(session.scalars(select(JoinedCall).where(JoinedCall.told_call_id.in_([c.call_id for c in found]))))
    parted = {(row.told_call_id, row.own_call_id) for row in rows if row.parted_at is not None}
    pairs = []
    for line in sorted({call.original_line for call in found} & set(exchanges.values())):
        of_line = [call for call in found if call.original_line == line]
        told = [call for call in of_line if exchanges.get(call.node) == line]
        trunks = set(session.scalars(select(Trunk.name).where(Trunk.line_number == line))) if told else set()
        own = [c for c in of_line if c not in told and (c.line_rule in DIVERTED or c.trunk in trunks)]
        pairs += pairs_of(own, told, parted)
    taken = {call_id for pair in pairs for call_id in (pair.told, pair.own)}
    ours = [call for call in found if call.node not in exchanges and call.call_id not in taken]
    pairs += come_back_of(ours, parted)
    _keep_rows(session, [row for row in rows if row.parted_at is None], pairs, now)
    same_as = {call_id: pair.counted for pair in pairs for call_id in (pair.told, pair.own) if call_id != pair.counted}
    moved = [call for call in found if call.same_as != same_as.get(call.call_id)]
    for call in moved:
        call.same_as = same_as.get(call.call_id)
    session.flush()
    return moved


def _keep_rows(session: Session, rows: list[JoinedCall], pairs: list[Pair], now: datetime) -> None:
    wanted = {(pair.told, pair.own) for pair in pairs}
    known = {(row.told_call_id, row.own_call_id): row for row in rows}
    for told, own in sorted(known.keys() - wanted):
        log.warning("calls_no_longer_joined", call_id=own, told_call_id=told)
        session.delete(known[told, own])
    for told, own in sorted(wanted - known.keys()):
        log.info("calls_joined", call_id=own, told_call_id=told)
        session.add(JoinedCall(told_call_id=told, own_call_id=own, joined_at=now))
    session.flush()


def rows_of(session: Session, call_id: str) -> list[JoinedCall]:
    """Every join of this record, also those that were parted, the latest first."""
    query = select(JoinedCall).where((JoinedCall.told_call_id == call_id) | (JoinedCall.own_call_id == call_id))
    return list(session.scalars(query.order_by(JoinedCall.joined_at.desc())))


def share_tickets(session: Session, calls: Iterable[Call]) -> None:
    """One call, one ticket: a record that does not count belongs to the ticket of the one that does, if it has one."""
    for call in calls:
        if call.ticket_id is None and call.same_as is not None:
            call.ticket_id = session.scalar(select(Call.ticket_id).where(Call.call_id == call.same_as))
