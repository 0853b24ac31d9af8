"""The calls that synthetic tickets come from, and those that reach nobody: what 接通率 is counted by."""

from random import Random

from app.calls.models import CallOutcome, CallState
from app.calls.ratings import DISSATISFIED, FAIR, SATISFIED
from app.cli.synthetic.rows import Row
from app.cli.synthetic.times import stamp
from app.contract.events import LineRule

NODE = "test"
MAIN = "12345"
LOST = 0.045
"""So many callers give up for each who is answered (接通率 some 96 %, domain.md §1.7)."""
GREETING_SECONDS, RING_SECONDS = 8, 3
NORMAL_CLEARING = 16
ANSWERED, ABANDONED, ENDED = str(CallOutcome.ANSWERED), str(CallOutcome.ABANDONED), str(CallState.ENDED)


def call_id(ticket_id: int, opened: int) -> str:
    """As Asterisk would name it, by the second of its answer."""
    return f"{NODE}-{opened}.{ticket_id}"


def answered(  # noqa: PLR0917 - one caller
    draw: Random, ticket_id: int, opened: int, until: int, number: str | None, line: str, agent: str
) -> Row:
    """The call that opened the ticket, answered in that second."""
    share = draw.random()
    hold = int(share * share * 40)
    queued = opened - hold
    arrived = queued - GREETING_SECONDS
    talked = 90 + int(draw.random() * 180)
    over = opened + talked
    said = draw.random()
    rating = None if said > 0.35 else SATISFIED if said < 0.32 else FAIR if said < 0.345 else DISSATISFIED
    is_over = over <= until
    ended = stamp(over) if is_over else None
    return (
        call_id(ticket_id, opened), NODE, ENDED if is_over else str(CallState.TALKING), ANSWERED, line, number or "",
        number, line, _rule(line), "common", agent, stamp(arrived), stamp(queued),
        stamp(max(queued, opened - RING_SECONDS)), stamp(opened), ended, ended, GREETING_SECONDS * 1000, hold * 1000,
        talked * 1000 if is_over else None, NORMAL_CLEARING if is_over else None, rating if is_over else None,
        ticket_id, None,
    )  # fmt: skip


def given_up(draw: Random, ticket_id: int, opened: int, number: str) -> Row:
    """A caller who hung up while he waited, shortly before that ticket's; every fifth at once."""
    hold = 1 + int(draw.random() * 4) if draw.random() < 0.2 else 8 + int(draw.random() * 90)
    over = opened - 1 - int(draw.random() * 60)
    queued = over - hold
    arrived = queued - GREETING_SECONDS
    return (
        f"{NODE}-{over}.{ticket_id}-0", NODE, ENDED, ABANDONED, MAIN, number, number, MAIN, _rule(MAIN), "common", None,
        stamp(arrived), stamp(queued), None, None, None, stamp(over), GREETING_SECONDS * 1000, hold * 1000, None,
        NORMAL_CLEARING, None, None, stamp(over),
    )  # fmt: skip


def _rule(line: str) -> str:
    return str(LineRule.MAIN if line == MAIN else LineRule.DNIS)
