"""What a person may do with a ticket now, and why the rest of the table is closed to him: every move has its reason."""

import types
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Union, get_args, get_origin

from app.casework.case import Case
from app.casework.duties import refusal
from app.casework.forms import FORMS, Form
from app.casework.guards import GUARDS
from app.casework.refusals import STATE
from app.tickets.models import TicketStatus
from app.tickets.states import BY_VERB, Move, moves_from

AT_THE_DESK = frozenset({"attach", "accept", "finish"})
"""Done at the agent's desk, where the call and the form are."""
BY_ITSELF = frozenset({"start_follow_up", "rate", "finish_unreached", "lapse_suspension", "archive"})
"""Follows without anybody, where its guard is content."""
RARE = frozenset({"claim", "merge", "note_failed_contact", "withdraw"}) | {
    v for v in BY_VERB if v.startswith("request_")
}
"""They stand below what is done every day."""
SAYS_WHAT_IS_TO_DO = frozenset({"reply"})
"""Shown as a button though its guard would refuse: trying it is how a leader learns what is missing."""
FAR_DAY = date(2100, 1, 1)


@dataclass(frozen=True)
class Closed:
    """A move of the table that this person cannot make now. `reason` is Chinese."""

    move: Move
    reason: str


def openings(case: Case) -> tuple[list[Move], list[Closed]]:
    """The moves that are open to this person, the usual ones first, and those that are not, with the reason."""
    moves = [move for move in moves_from(TicketStatus(case.ticket.status)) if move.verb not in AT_THE_DESK]
    if any(move.verb == "release" and not refusal(case, move) for move in moves):
        moves.insert(0, BY_VERB["dispatch"])
    judged = [(move, in_the_way(case, move)) for move in moves]
    is_open = [move for move, reason in judged if not reason]
    closed = [Closed(move, reason) for move, reason in judged if reason and move.verb not in BY_ITSELF]
    return sorted(is_open, key=lambda move: move.verb in RARE), closed


def in_the_way(case: Case, move: Move) -> str:
    """Why this person cannot make this move, whatever he writes into its form; empty: he can."""
    told = refusal(case, move)
    if told or move.verb in SAYS_WHAT_IS_TO_DO:
        return told
    missing = GUARDS[move.guard](case, _likely_form(move.verb))
    if move.verb in FORMS:
        return missing.get(STATE, "")
    return "；".join(missing.values())


def _likely_form(verb: str) -> Form:
    """A form filled in somehow: what its guard then says of the state of things does not come from the form."""
    kind = FORMS.get(verb, Form)
    values = {name: _likely(info.annotation) for name, info in kind.model_fields.items()}
    return kind.model_construct(**values)


def _likely(annotation: Any) -> Any:
    if get_origin(annotation) in {Union, types.UnionType}:
        return None
    if get_origin(annotation) is list:
        return []
    plain = get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation
    if plain is date:
        return FAR_DAY
    if plain is bool:
        return True
    return next(iter(plain)) if isinstance(plain, type) and issubclass(plain, StrEnum) else ""
