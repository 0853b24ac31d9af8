"""The one door through which a ticket's status changes: table, version, history, and whoever listens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.platform.clock import to_shanghai
from app.platform.errors import Conflict, PreconditionFailed
from app.tickets.models import Ticket, TicketHistory
from app.tickets.rules import FIELD_LABELS
from app.tickets.states import ACTION_WORDS, BY_VERB, Move


class TransitionRefused(Conflict):
    """The ticket's status does not allow this move."""

    code = "transition-refused"
    title = "工单当前状态不允许此操作"


@dataclass(frozen=True)
class Moved:
    """What listeners are told, in the transaction of the move itself. `given` holds what the move's form said."""

    ticket: Ticket
    move: Move
    actor: str
    at: datetime
    given: Mapping[str, Any] = field(default_factory=dict)


OF_ITSELF = frozenset({"timed"})
"""Entries of the history that follow from another: nobody is told of them beside it."""

Listener = Callable[[Session, Moved], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener` at every move from now on; a second time changes nothing."""
    if listener not in _listeners:
        _listeners.append(listener)


def find_move(ticket: Ticket, verb: str) -> Move:
    """The row of the table for this ticket. Raises TransitionRefused."""
    move = BY_VERB.get(verb)
    if move is None or ticket.status not in move.sources:
        raise TransitionRefused(status=ticket.status)
    return move


def move_ticket(
    session: Session,
    ticket: Ticket,
    verb: str,
    *,
    actor: str,
    now: datetime,
    changed: Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    told: Mapping[str, str] | None = None,
) -> Move:
    """Move a locked ticket along the table; `changed` is set with it. Raises TransitionRefused.

    `given` is for listeners, `told` is the same as people read it in the history.
    """
    move = find_move(ticket, verb)
    changes = {name: [getattr(ticket, name), value] for name, value in (changed or {}).items()}
    if ticket.status != move.target:
        changes = {"status": [ticket.status, move.target], **changes}
    noted = {name: [None, words] for name, words in (told or {}).items()}
    change_ticket(session, ticket, changes, actor=actor, action=move.action, now=now, noted=noted)
    moved = Moved(ticket, move, actor, now, given or {})
    for listener in _listeners:
        listener(session, moved)
    return move


def change_ticket(
    session: Session,
    ticket: Ticket,
    changed: Mapping[str, list[Any]],
    *,
    actor: str,
    action: str,
    now: datetime,
    noted: Mapping[str, list[Any]] | None = None,
) -> None:
    """Set fields, raise the version, keep it in the history. `noted` stands in the history alone."""
    for name, (_, value) in changed.items():
        setattr(ticket, name, value)
    ticket.version += 1
    ticket.updated_at = now
    session.flush()
    note_change(session, ticket, {**changed, **(noted or {})}, actor=actor, action=action, now=now)


def note_change(
    session: Session, ticket: Ticket, changes: Mapping[str, Any], *, actor: str, action: str, now: datetime
) -> None:
    """A row of the history."""
    session.add(
        TicketHistory(
            ticket_id=ticket.id, at=now, actor=actor, action=action, changes=dict(changes),
            ticket_version=ticket.version,
        )
    )  # fmt: skip
    session.flush()


def history(session: Session, ticket_id: int) -> list[TicketHistory]:
    """Every change of a ticket, the oldest first."""
    query = select(TicketHistory).where(TicketHistory.ticket_id == ticket_id).order_by(TicketHistory.id)
    return list(session.scalars(query))


def check_version(session: Session, ticket: Ticket, version: int | None) -> None:
    """Raises PreconditionFailed, which says who changed what since `version`; None: any will do."""
    if version is None or version == ticket.version:
        return
    since = [entry for entry in history(session, ticket.id) if entry.ticket_version > version]
    changes = [{"actor": e.actor, "at": e.at.isoformat(), "fields": sorted(e.changes)} for e in since]
    names = _names(session, {entry.actor for entry in since})
    told = [_told(entry, names.get(entry.actor, entry.actor)) for entry in since if entry.action not in OF_ITSELF]
    raise PreconditionFailed("；".join(told[-3:]), current_version=ticket.version, changes=changes)


def _names(session: Session, usernames: set[str]) -> dict[str, str]:
    """What people are called; who has no account keeps his username."""
    query = select(User.username, User.display_name).where(User.username.in_(usernames))
    people = {username: name or username for username, name in session.execute(query)}
    return {"system": "系统", **people}


def _told(entry: TicketHistory, who: str) -> str:
    """One change, as people read it: who, when, what."""
    fields = "、".join(FIELD_LABELS.get(name, name) for name in entry.changes)
    done = ACTION_WORDS.get(entry.action)
    if done is None:
        return f"{who} 于 {to_shanghai(entry.at):%H:%M:%S} 修改了{fields}"
    return f"{who} 于 {to_shanghai(entry.at):%H:%M:%S} 进行了“{done}”" + (f"（{fields}）" if fields else "")
