"""A ticket's whole life in one line of time: moves, edits, clocks with their reasons, supervisions, messages, calls."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import User
from app.calls.models import Call
from app.casework.files import files_of_matter
from app.casework.materials import CITIZEN
from app.casework.models import CitizenFile, CitizenNotice
from app.deadlines.models import Notice, Supervision, TicketClock
from app.deadlines.service import ACTION as TIMED
from app.deadlines.service import list_clocks
from app.deadlines.supervising import STEP_WORDS, list_notices, list_supervisions
from app.outbox.models import OutboxMessage
from app.outbox.service import list_messages
from app.tickets.access import Holding
from app.tickets.models import PROTECTED, Ticket, TicketHistory
from app.tickets.moving import history
from app.tickets.shown import Eyes, eyes_of
from app.tickets.states import ACTION_WORDS


class Kind(StrEnum):
    """What an entry is about; pages filter by it."""

    MOVE = "move"
    EDIT = "edit"
    CLOCK = "clock"
    SUPERVISION = "supervision"
    NOTICE = "notice"
    CALL = "call"


KIND_WORDS: Mapping[Kind, str] = {
    Kind.MOVE: "流转", Kind.EDIT: "登记修改", Kind.CLOCK: "时限", Kind.SUPERVISION: "督办", Kind.NOTICE: "通知",
    Kind.CALL: "来电",
}  # fmt: skip
SAID_BELOW = frozenset({"supervised", "urged"})
"""Acts whose supervision is an entry of its own."""
AUDIENCES = {"unit": "承办单位", "duty_room": "值班室", "platform": "热线工作机构"}


@dataclass(frozen=True)
class Entry:
    """One line. `action` is a code that pages have words for, `title` says it in Chinese already; one of the two."""

    at: datetime
    kind: Kind
    title: str = ""
    action: str = ""
    who: str = ""
    text: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    why: Sequence[str] = ()
    call_id: str = ""
    file: CitizenFile | None = None


def read_timeline(session: Session, ticket: Ticket, actor: Actor) -> list[Entry]:
    """Everything that happened to a ticket as this person sees it, the newest first; what happened at one moment in the
    order it was kept. Of citizens' files those that he may open.
    """
    eyes = replace(eyes_of(session, actor, ticket, Holding()), is_full=False)
    calls = session.scalars(select(Call).where(Call.ticket_id == ticket.id))
    notices = session.scalars(select(CitizenNotice).where(CitizenNotice.ticket_id == ticket.id))
    entries = [
        *_changes(
            [row for row in history(session, ticket.id) if row.action not in SAID_BELOW],
            list_clocks(session, ticket.id),
        ),
        *(_supervision(row) for row in list_supervisions(session, ticket.id)),
        *(_told(row) for row in notices),
        *(_warned(row) for row in list_notices(session, ticket.id) if row.sent_at),
        *(_sent(row, eyes) for row in list_messages(session, [ticket.id])),
        *(_called(row) for row in calls),
        *(_filed(row) for row in files_of_matter(session, ticket, actor)),
    ]
    seen = (replace(entry, text=eyes.words(entry.text), changes=_seen(entry.changes, eyes)) for entry in entries)
    return sorted(seen, key=lambda entry: entry.at)[::-1]


def _seen(changes: Mapping[str, Any], eyes: Eyes) -> dict[str, Any]:
    return {name: eyes.change(name, change) for name, change in changes.items()}


def names_of(session: Session, entries: Iterable[Entry]) -> dict[str, str]:
    """Username → name of whoever stands in the entries."""
    known = {entry.who for entry in entries}
    return dict(session.execute(select(User.username, User.display_name).where(User.username.in_(known))).all())


def _changes(rows: Sequence[TicketHistory], clocks: Sequence[TicketClock]) -> Iterator[Entry]:
    for row in rows:
        kind = Kind.CLOCK if row.action == TIMED else Kind.MOVE if row.action in ACTION_WORDS else Kind.EDIT
        why = [
            sentence
            for clock in clocks
            if row.action == TIMED and f"clock_{clock.kind}" in row.changes and clock.started_at == row.at
            for sentence in clock.explanation
        ]
        yield Entry(row.at, kind, action=row.action, who=row.actor, changes=row.changes, why=why)


def _supervision(row: Supervision) -> Entry:
    title = STEP_WORDS.get(row.step, row.step) + ("（补记）" if row.is_caught_up else "")
    return Entry(row.raised_at, Kind.SUPERVISION, title=title, who=row.raised_by, text=row.reason)


def _told(row: CitizenNotice) -> Entry:
    return Entry(row.at, Kind.NOTICE, title="告知诉求人", text=row.text)


def _warned(row: Notice) -> Entry:
    title = f"通知{AUDIENCES.get(row.audience, row.audience)}：{STEP_WORDS.get(row.kind, row.kind)}"
    return Entry(row.sent_at or row.created_at, Kind.NOTICE, title=title)


def _sent(row: OutboxMessage, eyes: Eyes) -> Entry:
    to = f"短信发往 {eyes.number(row.recipient) or PROTECTED}"
    if row.sent_at:
        return Entry(row.sent_at, Kind.NOTICE, title=f"{to}：已送出", text=row.text)
    if row.given_up_at:
        return Entry(row.given_up_at, Kind.NOTICE, title=f"{to}：多次发送失败", text=row.text)
    return Entry(row.created_at, Kind.NOTICE, title=f"{to}：待发送", text=row.text)


def _called(row: Call) -> Entry:
    return Entry(row.arrived_at, Kind.CALL, action=row.outcome or row.state, who=row.agent or "", call_id=row.call_id)


def _filed(row: CitizenFile) -> Entry:
    return Entry(row.added_at, Kind.EDIT, title="诉求人补充附件", who=CITIZEN, file=row)
