"""Use cases of telling followers that an outage is over: decide the way, take whom to ring, keep what came of it.

Each follower is told once: his row says how far it is, a message has a key of its own in the outbox, and a call an id
that is known before it exists. A sweep may run twice, and an end may be said twice.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.broadcasts import telling_rules as rules
from app.broadcasts.models import Broadcast, IncidentFollower, Way
from app.contract.ids import CallId, incident_over_call_id
from app.outbox.models import OutboxMessage
from app.outbox.service import put_message

AT_ONCE = 500
OVER_TEXT = "【12345热线】您曾来电关注的事项现已恢复正常：{}如仍未恢复，请拨打12345。"
TEXT_LENGTH = 60
"""Of the broadcast's own words in a message: a text message that falls into three parts is read by nobody."""
_F = IncidentFollower
_WAITS = _F.told_at.is_(None), _F.given_up_at.is_(None)


@dataclass(frozen=True)
class Terms:
    """What the city has decided: the way it wants, and from and until which hour (Asia/Shanghai) it disturbs people."""

    way: Way = Way.SMS
    hours: tuple[int, int] = (8, 21)


@dataclass(frozen=True)
class CallToMake:
    call_id: CallId
    follower_id: int
    number: str
    line: str


def decide_ways(session: Session, terms: Terms, now: datetime) -> int:
    """Give every follower of what is over his way, put the messages into the outbox; how many there were."""
    query = (
        select(_F, Broadcast)
        .join(Broadcast, Broadcast.id == _F.broadcast_id)
        .where(Broadcast.over_at.is_not(None), _F.way == "", *_WAITS)
        .order_by(_F.id)
        .limit(AT_ONCE)
        .with_for_update(of=_F, skip_locked=True)
    )
    rows = session.execute(query).all()
    for follower, broadcast in rows:
        follower.way, follower.cause = rules.way_of(follower.number, terms.way)
        follower.next_try_at = rules.within(terms.hours, now)
        if follower.way == Way.PEOPLE:
            follower.given_up_at = now
        elif follower.way == Way.SMS:
            put_message(
                session, key=key_of(follower), recipient=follower.number, text=_message(broadcast),
                send_at=follower.next_try_at, now=now,
            )  # fmt: skip
    session.flush()
    return len(rows)


def key_of(follower: IncidentFollower) -> str:
    """Of his message in the outbox."""
    return f"incident-over:{follower.id}"


def _message(broadcast: Broadcast) -> str:
    words = broadcast.text if len(broadcast.text) <= TEXT_LENGTH else f"{broadcast.text[:TEXT_LENGTH]}…"
    return OVER_TEXT.format(words if words.endswith(("。", "！", "…")) else f"{words}。")


def follow_messages(session: Session, now: datetime) -> None:
    """Whose message was taken is told; whose message nobody took is rung."""
    query = select(_F).where(_F.way == Way.SMS, *_WAITS, _F.next_try_at <= now).order_by(_F.id).limit(AT_ONCE)
    followers = {key_of(one): one for one in session.scalars(query.with_for_update(skip_locked=True))}
    for message in session.scalars(select(OutboxMessage).where(OutboxMessage.key.in_(followers))):
        follower = followers[message.key]
        if message.sent_at is not None:
            follower.told_at, follower.told_by = message.sent_at, Way.SMS
        elif message.given_up_at is not None:
            follower.way, follower.cause = Way.CALL, "not_sent"
    session.flush()


def claim_calls(session: Session, terms: Terms, now: datetime, *, limit: int) -> list[CallToMake]:
    """Whom to ring now, the longest waiting first; claimed, so that of two askers one rings."""
    if rules.within(terms.hours, now) != now:
        return []
    query = (
        select(_F, Broadcast)
        .join(Broadcast, Broadcast.id == _F.broadcast_id)
        .where(_F.way == Way.CALL, *_WAITS, _F.next_try_at <= now)
        .order_by(_F.next_try_at, _F.id)
        .limit(limit)
        .with_for_update(of=_F, skip_locked=True)
    )
    calls = []
    for follower, broadcast in session.execute(query):
        is_stale = broadcast.over_at is None or now - broadcast.over_at > rules.STALE
        if is_stale or follower.calls_placed >= rules.MOST_CALLS or not rules.is_diallable(follower.number):
            follower.given_up_at = now
            continue
        follower.calls_placed += 1
        follower.next_try_at = now + rules.UNHEARD
        call_id = incident_over_call_id(follower.id, follower.calls_placed)
        calls.append(CallToMake(call_id, follower.id, follower.number, broadcast.line))
    session.flush()
    return calls


def note_not_placed(session: Session, follower_id: int, cause: str, now: datetime) -> None:
    """Telephony refused his call for good: people tell him."""
    row = session.get_one(_F, follower_id, with_for_update=True)
    if row.told_at is None and row.given_up_at is None:
        row.given_up_at, row.cause = now, cause
        session.flush()


def keep_call(session: Session, follower_id: int, attempt: int, heard: rules.Heard) -> None:
    """What came of one call. Told again, or of nobody we know: nothing happens; who has heard it is told, however late
    the fact."""
    row = session.get(_F, follower_id, with_for_update=True)
    if row is None or row.told_at is not None or attempt > row.calls_placed:
        return
    if not heard.cause:
        row.told_at, row.told_by, row.cause, row.given_up_at = heard.ended_at, Way.CALL, "", None
        row.calls_heard_of = max(attempt, row.calls_heard_of)
    elif attempt > row.calls_heard_of and row.given_up_at is None:
        row.calls_heard_of, row.cause = attempt, heard.cause
        row.rung += heard.cause in rules.RANG
        wait = rules.wait_after(row.rung)
        if wait is None:
            row.given_up_at = heard.ended_at
        else:
            row.next_try_at = heard.ended_at + wait
    session.flush()


def prompt_for(session: Session, follower_id: int) -> str | None:
    """The audio of what he followed; None: nobody of this id."""
    row = session.get(_F, follower_id)
    return session.get_one(Broadcast, row.broadcast_id).prompt if row else None
