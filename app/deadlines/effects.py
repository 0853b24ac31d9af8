"""What a ticket's move does to its clocks. Pure.

Which clocks a move starts and stops stands in the table of moves (`app.tickets.states`). Here stands what that table
need not know: clocks of our own, and whether a clock that stops was met or came to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.deadlines.profile import ClockKind
from app.tickets.states import Move

_K = ClockKind
FALSE_REPLY = "false_reply"
"""The reason of a rework that is a red card at once (domain.md §2.4): 答复不实, `app.casework.forms.RedoReason`."""
CARDED = (_K.SIGN, _K.FIRST_CONTACT, _K.REPLY, _K.REWORK, _K.MILESTONE)
"""Clocks of a unit: being late with them climbs the whole ladder. The hotline's own are reminded and urged."""


class Act(StrEnum):
    """What is done to a clock. `start` leaves one that runs as it is; the words are those of the table of moves."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"


@dataclass(frozen=True)
class Effect:
    """One act on one clock."""

    act: Act
    kind: ClockKind


OURS: Mapping[str, tuple[Effect, ...]] = MappingProxyType(
    {
        "accept": (Effect(Act.START, _K.ACKNOWLEDGEMENT),),
        "unmerge": (Effect(Act.START, _K.ACKNOWLEDGEMENT),),
        "reopen": (Effect(Act.START, _K.ACKNOWLEDGEMENT),),
        "sign": (Effect(Act.STOP, _K.ACKNOWLEDGEMENT),),
        "request_extension": (Effect(Act.START, _K.EXTENSION),),
        "approve_extension": (Effect(Act.STOP, _K.EXTENSION),),
        "refuse_extension": (Effect(Act.STOP, _K.EXTENSION),),
        "reply": (Effect(Act.STOP, _K.SUPERVISION), Effect(Act.STOP, _K.MILESTONE)),
        "suspend": (Effect(Act.PAUSE, _K.MILESTONE),),
        "resume": (Effect(Act.RESUME, _K.MILESTONE),),
        "end_suspension": (Effect(Act.RESUME, _K.MILESTONE),),
        "lapse_suspension": (Effect(Act.RESUME, _K.MILESTONE),),
    }
)
"""Verb → what it does to the clocks that the table of moves does not know."""

MEETS: Mapping[ClockKind, frozenset[str]] = MappingProxyType(
    {
        _K.ACKNOWLEDGEMENT: frozenset({"signed"}),
        _K.DISPATCH: frozenset({"dispatched"}),
        _K.SIGN: frozenset({"signed"}),
        _K.FIRST_CONTACT: frozenset({"handling", "replied"}),
        _K.REPLY: frozenset({"replied"}),
        _K.EXTENSION: frozenset({"handling"}),
        _K.REWORK: frozenset({"replied"}),
        _K.FOLLOW_UP: frozenset({"rated", "finished", "redo"}),
        _K.SUPERVISION: frozenset({"replied"}),
        _K.MILESTONE: frozenset({"replied"}),
    }
)
"""The statuses that show that what was timed has been done. A clock stopped by any other move came to nothing."""

ENDS = frozenset({"archived", "merged", "rejected", "guided", "terminated"})
"""Here every clock is over, whatever the table names."""


def effects_of(move: Move) -> list[Effect]:
    """What this move does, in order. A restart is a stop and a start. ValueError: a word that we do not know."""
    told = [Effect(Act(effect.do), ClockKind(kind)) for effect in move.effects for kind in effect.clocks]
    told += OURS.get(move.verb, ())
    if move.target in ENDS:
        told += [Effect(Act.STOP, kind) for kind in ClockKind]
    return told


def is_met(kind: ClockKind, target: str) -> bool:
    """Whether a clock that stops on the way to `target` did what it timed."""
    return target in MEETS[kind]
