"""Every move's effect on clocks is known, and every word of ours is a word of the table of moves."""

import pytest

from app.deadlines.effects import ENDS, MEETS, OURS, Act, effects_of, is_met
from app.deadlines.profile import ClockKind, Urgency
from app.deadlines.versions import shipped_profiles
from app.tickets import models, states


@pytest.mark.parametrize("move", states.MOVES, ids=lambda move: move.verb)
def test_every_effect_of_the_table_is_one_that_we_can_do(move: states.Move) -> None:
    told = [(effect.do, clock) for effect in move.effects for clock in effect.clocks]

    assert [(str(one.act), str(one.kind)) for one in effects_of(move)[: len(told)]] == told


NOT_BY_TERM = (ClockKind.REWORK, ClockKind.MILESTONE)
"""A part of the reply's time, and a day that was promised."""


def test_our_words_are_words_of_the_table() -> None:
    statuses = set(models.TicketStatus)

    assert OURS.keys() <= states.BY_VERB.keys()
    assert statuses >= ENDS
    assert set(MEETS) == set(ClockKind)
    assert set().union(*MEETS.values()) <= statuses
    assert set(models.Urgency) == set(Urgency)
    assert set(states.Clock) <= set(ClockKind)
    assert {str(do) for do in states.Do} == {str(act) for act in Act}


def test_every_clock_that_the_table_starts_is_stopped_by_the_move_that_does_what_it_times() -> None:
    started = {effect.kind for move in states.MOVES for effect in effects_of(move) if effect.act is Act.START}
    met = {
        effect.kind for move in states.MOVES for effect in effects_of(move)
        if effect.act is Act.STOP and is_met(effect.kind, move.target)
    }  # fmt: skip

    assert started <= met


@pytest.mark.parametrize("end", sorted(ENDS))
def test_every_end_stops_every_clock(end: str) -> None:
    moves = [move for move in states.MOVES if move.target == end]

    assert moves
    for move in moves:
        assert {one.kind for one in effects_of(move) if one.act is Act.STOP} == set(ClockKind)


def test_every_profile_knows_how_long_each_clock_runs_for_each_ticket() -> None:
    for profile in shipped_profiles().values():
        for ticket_type in [None, *models.TicketType]:
            for urgency in models.Urgency:
                kinds = {
                    kind for kind in ClockKind
                    if kind in NOT_BY_TERM or profile.find_term(kind, ticket_type=ticket_type, urgency=urgency)
                }  # fmt: skip
                missing = set(ClockKind) - kinds
                assert missing == (set() if urgency is models.Urgency.EMERGENCY else {ClockKind.ACKNOWLEDGEMENT})
