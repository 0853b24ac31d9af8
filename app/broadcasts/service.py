"""Use cases of broadcasts: announce, end, follow an incident, tell its followers."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.broadcasts import rules
from app.broadcasts.models import Broadcast, BroadcastKind, IncidentFollower
from app.platform.database import insert_ignore, table_of
from app.platform.errors import Conflict, HotlineError, NotFound
from app.tickets.models import Ticket

_BROADCASTS = table_of(Broadcast).c
_ON_AIR = select(
    exists().where(
        _BROADCASTS.ended_at.is_(None),
        _BROADCASTS.spoken_at.is_not(None),
        _BROADCASTS.starts_at <= bindparam("now"),
        _BROADCASTS.expires_at > bindparam("now"),
        or_(_BROADCASTS.line == "", _BROADCASTS.line == bindparam("line")),
    )
)
"""Built once: every caller is asked about it (ADR 0064)."""


class FollowerCounts(NamedTuple):
    """Of one incident: all followers, those not told yet, and of these the ones whom no machine tells any more."""

    everybody: int = 0
    untold: int = 0
    left_to_people: int = 0


NOBODY = FollowerCounts()


class BadPeriod(HotlineError):
    """It ends before it begins, has ended already, or lasts too long."""

    status = 422
    code = "bad-period"
    title = "公告时间有误：结束时间应晚于开始时间和现在，且不超过七天"


class BroadcastEnded(Conflict):
    code = "broadcast-ended"
    title = "该公告已结束"


class NothingToTell(Conflict):
    """No incident, one that callers still hear of, or one of which it was said already."""

    code = "nothing-to-tell"
    title = "该公告没有待确认恢复的事项"


def announce(
    session: Session,
    *,
    kind: BroadcastKind,
    text: str,
    expires_at: datetime,
    by: str,
    now: datetime,
    starts_at: datetime | None = None,
    line: str = "",
    region_code: str | None = None,
    expected_at: datetime | None = None,
) -> Broadcast:
    """A broadcast; it is on the air once its audio is there. Raises BadPeriod."""
    begins = starts_at or now
    if not max(begins, now) < expires_at <= begins + rules.LONGEST:
        raise BadPeriod()
    row = Broadcast(
        kind=kind, text=text, line=line, region_code=region_code, starts_at=begins, expires_at=expires_at,
        expected_at=expected_at, created_by=by, created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def get_broadcast(session: Session, broadcast_id: int, *, is_locked: bool = False) -> Broadcast:
    """The broadcast of this id. Raises NotFound."""
    row = session.get(Broadcast, broadcast_id, with_for_update=is_locked)
    if row is None:
        raise NotFound("没有这条公告")
    return row


def list_broadcasts(session: Session, *, is_open: bool | None = None, limit: int = 100) -> list[Broadcast]:
    """Broadcasts, the newest first; open: neither ended nor expired by the sweep."""
    query = select(Broadcast).order_by(Broadcast.created_at.desc(), Broadcast.id.desc()).limit(limit)
    if is_open is not None:
        query = query.where(Broadcast.ended_at.is_(None) if is_open else Broadcast.ended_at.is_not(None))
    return list(session.scalars(query))


def current_for(session: Session, *, line: str, number: str | None, now: datetime) -> Broadcast | None:
    """What a caller of this line hears now. Where he lives is known from his newest ticket, or not at all."""
    query = select(Broadcast).where(Broadcast.ended_at.is_(None), Broadcast.starts_at <= now)
    broadcasts = list(session.scalars(query.where(Broadcast.expires_at > now)))
    if not broadcasts:
        return None
    region_code = None
    if number is not None and any(one.region_code for one in broadcasts):
        newest = select(Ticket.region_code).where(Ticket.caller_number == number, Ticket.region_code.is_not(None))
        region_code = session.scalar(newest.order_by(Ticket.created_at.desc()).limit(1))
    return rules.choose(broadcasts, line=line, region_code=region_code, now=now)


def is_anything_on_air(session: Session, *, line: str, now: datetime) -> bool:
    """Whether a caller of this line may have something to hear; where he lives is looked at when he is told."""
    return bool(session.scalar(_ON_AIR, {"line": line, "now": now}))


def mark_spoken(session: Session, broadcast_id: int, now: datetime) -> None:
    """Its audio is there."""
    session.execute(update(Broadcast).where(Broadcast.id == broadcast_id).values(spoken_at=now))


def end_broadcast(session: Session, broadcast_id: int, *, by: str, now: datetime, is_over: bool = True) -> Broadcast:
    """Nobody hears it any more. `is_over`: an incident is over too, and its followers are told (`telling`).

    Raises NotFound, BroadcastEnded.
    """
    row = get_broadcast(session, broadcast_id, is_locked=True)
    if row.ended_at is not None:
        raise BroadcastEnded(f"{row.ended_by} 已结束该公告")
    row.ended_at, row.ended_by = now, by
    if is_over and row.kind == BroadcastKind.INCIDENT:
        row.over_at, row.over_by = now, by
    session.flush()
    return row


def say_over(session: Session, broadcast_id: int, *, by: str, now: datetime) -> Broadcast:
    """An incident whose broadcast has ended is over: its followers are told. Raises NotFound, NothingToTell."""
    row = get_broadcast(session, broadcast_id, is_locked=True)
    if row.kind != BroadcastKind.INCIDENT or row.ended_at is None or row.over_at is not None:
        raise NothingToTell()
    row.over_at, row.over_by = now, by
    session.flush()
    return row


def follow(session: Session, broadcast_id: int, *, number: str, call_id: str, now: datetime) -> bool:
    """Attach a caller to an incident that is on the air; whether it could be done. Twice is once."""
    row = session.get(Broadcast, broadcast_id)
    if row is None or row.kind != BroadcastKind.INCIDENT or not rules.is_on_air(row, now):
        return False
    values = {"broadcast_id": broadcast_id, "number": number, "call_id": call_id, "followed_at": now}
    session.execute(insert_ignore(session, IncidentFollower).values(**values, told_by=""))
    return True


def list_followers(session: Session, broadcast_id: int, *, is_told: bool | None = None) -> list[IncidentFollower]:
    """Followers of an incident, the first one first."""
    query = select(IncidentFollower).where(IncidentFollower.broadcast_id == broadcast_id).order_by(IncidentFollower.id)
    if is_told is not None:
        query = query.where(IncidentFollower.told_at.is_not(None) if is_told else IncidentFollower.told_at.is_(None))
    return list(session.scalars(query))


def count_followers(session: Session) -> dict[int, FollowerCounts]:
    """Broadcast → its followers, counted."""
    is_untold = IncidentFollower.told_at.is_(None)
    left = func.count().filter(is_untold, IncidentFollower.given_up_at.is_not(None))
    query = select(IncidentFollower.broadcast_id, func.count(), func.count().filter(is_untold), left)
    rows = session.execute(query.group_by(IncidentFollower.broadcast_id))
    return {broadcast_id: FollowerCounts(*counts) for broadcast_id, *counts in rows}


def get_follower(session: Session, broadcast_id: int, follower_id: int) -> IncidentFollower:
    """Raises NotFound."""
    row = session.get(IncidentFollower, follower_id, with_for_update=True)
    if row is None or row.broadcast_id != broadcast_id:
        raise NotFound("没有这位关注者")
    return row


def mark_told(session: Session, broadcast_id: int, follower_id: int, *, by: str, now: datetime) -> IncidentFollower:
    """A person has told him. The first one counts. Raises NotFound."""
    row = get_follower(session, broadcast_id, follower_id)
    if row.told_at is None:
        row.told_at, row.told_by = now, by
        session.flush()
    return row
