"""JSON of broadcasts and of those who follow an incident."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from app.accounts import audit
from app.accounts.auth import Actor, require
from app.accounts.reveals import note_reveal
from app.accounts.rules import Permission
from app.broadcasts import jobs, service
from app.broadcasts.schemas import (
    BroadcastIn,
    BroadcastList,
    BroadcastOut,
    EndIn,
    FollowerList,
    FollowerOut,
)
from app.calls.schemas import RevealNumberIn, RevealNumberOut
from app.platform.http import ClockDep, Reading, SettingsDep, Writing
from app.platform.job_queue import enqueue

router = APIRouter(tags=["broadcasts"])

Reader = Annotated[Actor, Depends(require(Permission.BROADCASTS_READ))]
Writer = Annotated[Actor, Depends(require(Permission.BROADCASTS_WRITE))]
Revealer = Annotated[Actor, Depends(require(Permission.BROADCASTS_READ, Permission.NUMBERS_REVEAL))]
Teller = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_WRITE))]
BroadcastId = Annotated[int, Path(ge=1, le=2**63 - 1)]
FollowerId = Annotated[int, Path(ge=1, le=2**63 - 1)]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is none of this id"}}


@router.get("/broadcasts", summary="List broadcasts")
def list_broadcasts(
    _actor: Reader,
    session: Reading,
    clock: ClockDep,
    is_open: Annotated[bool | None, Query(alias="open", description="false: those that are over")] = None,
) -> BroadcastList:
    """What callers hear before the queue, and what they heard, the newest first."""
    now, counts = clock(), service.count_followers(session)
    rows = service.list_broadcasts(session, is_open=is_open)
    return BroadcastList(items=[BroadcastOut.of(row, now, counts.get(row.id, service.NOBODY)) for row in rows])


@router.post("/broadcasts", status_code=201, summary="Announce")
def create_broadcast(body: BroadcastIn, actor: Writer, session: Writing, clock: ClockDep) -> BroadcastOut:
    """Put a notice or a known outage before the queue. It is heard once its audio is made, some seconds later.

    422 `bad-period`: it ends before it begins or now, or lasts longer than seven days.
    """
    now = clock()
    row = service.announce(session, **body.model_dump(), by=actor.name, now=now)
    audit.record(
        session, actor, "broadcast_announced", at=now, object_type="broadcast", object_id=row.id,
        detail={"kind": row.kind, "text": row.text, "expires_at": row.expires_at.isoformat()},
    )  # fmt: skip
    enqueue(session, jobs.speak, row.id)
    return BroadcastOut.of(row, now)


@router.post("/broadcasts/{broadcast_id}/end", summary="End a broadcast", responses=NOT_FOUND)
def end_broadcast(
    broadcast_id: BroadcastId, actor: Writer, session: Writing, clock: ClockDep, body: EndIn | None = None
) -> BroadcastOut:
    """Nobody hears it any more. Of an incident that is over each follower is told, once, by text message or by a call.

    409 `broadcast-ended`: somebody was first.
    """
    now, is_over = clock(), body is None or body.is_over
    row = service.end_broadcast(session, broadcast_id, by=actor.name, now=now, is_over=is_over)
    counts = service.count_followers(session).get(row.id, service.NOBODY)
    audit.record(
        session, actor, "broadcast_ended", at=now, object_type="broadcast", object_id=row.id,
        detail={"is_over": row.over_at is not None, "followers": counts.everybody},
    )  # fmt: skip
    if row.over_at is not None:
        enqueue(session, jobs.tell_followers)
    return BroadcastOut.of(row, now, counts)


@router.post("/broadcasts/{broadcast_id}/over", summary="An incident is over", responses=NOT_FOUND)
def say_incident_over(broadcast_id: BroadcastId, actor: Writer, session: Writing, clock: ClockDep) -> BroadcastOut:
    """Of an incident whose broadcast ended before it, or expired: now its followers are told.

    409 `nothing-to-tell`: it was said before, callers still hear of it, or it is no incident.
    """
    now = clock()
    row = service.say_over(session, broadcast_id, by=actor.name, now=now)
    counts = service.count_followers(session).get(row.id, service.NOBODY)
    audit.record(
        session, actor, "incident_over", at=now, object_type="broadcast", object_id=row.id,
        detail={"followers": counts.everybody},
    )  # fmt: skip
    enqueue(session, jobs.tell_followers)
    return BroadcastOut.of(row, now, counts)


@router.get("/broadcasts/{broadcast_id}/followers", summary="Followers of an incident", responses=NOT_FOUND)
def list_followers(broadcast_id: BroadcastId, _actor: Reader, session: Reading) -> FollowerList:
    """Numbers that want to know when it is over, masked, the first one first."""
    service.get_broadcast(session, broadcast_id)
    return FollowerList(items=[FollowerOut.of(row) for row in service.list_followers(session, broadcast_id)])


@router.post(
    "/broadcasts/{broadcast_id}/followers/{follower_id}/told", summary="A follower was told", responses=NOT_FOUND
)
def mark_follower_told(
    broadcast_id: BroadcastId, follower_id: FollowerId, actor: Teller, session: Writing, clock: ClockDep
) -> FollowerOut:
    """He was called: nobody needs to call him again. Said twice, the first one counts."""
    return FollowerOut.of(service.mark_told(session, broadcast_id, follower_id, by=actor.name, now=clock()))


@router.post("/broadcasts/{broadcast_id}/followers/{follower_id}/reveal", responses=NOT_FOUND)
def reveal_follower(
    broadcast_id: BroadcastId,
    follower_id: FollowerId,
    body: RevealNumberIn,
    actor: Revealer,
    session: Writing,
    clock: ClockDep,
    settings: SettingsDep,
) -> RevealNumberOut:
    """The full number, to tell him. Who asked, when and why is kept in the audit log."""
    row = service.get_follower(session, broadcast_id, follower_id)
    note_reveal(
        session, actor, object_type="incident_follower", object_id=row.id, reason=body.reason,
        quota=settings.reveal_quota, at=clock(),
    )  # fmt: skip
    return RevealNumberOut(caller_number=row.number)
