"""The table of states is whole: every state reached and left, every move guarded and told, nobody with two duties."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.models import Role
from app.accounts.rules import OF_A_UNIT
from app.casework.forms import FORMS, WORDS
from app.casework.guards import GUARDS
from app.casework.rules import NEXT
from app.casework.steps import STEPS
from app.contract.env import PROJECT
from app.platform.pages import make_environment
from app.tickets.models import AssignmentKind, AssignmentStatus, TicketStatus
from app.tickets.state_docs import STATUS_WORDS, render
from app.tickets.states import (
    BY_VERB,
    DUTIES,
    DUTY_WORDS,
    ENDS,
    MOVES,
    OPEN,
    SEPARATED,
    SEPARATED_ON_A_TICKET,
    SYSTEM_DUTIES,
    Clock,
    Do,
    Duty,
    may_move,
    moves_from,
    separated_from,
)

STATUSES = list(TicketStatus)
START = {"dispatch": "accept", "sign": "dispatch", "first_contact": "sign", "reply": "dispatch", "rework": "audit_redo",
         "follow_up": "audit_pass"}  # fmt: skip


def test_there_are_the_23_states_of_the_rule_book() -> None:
    assert len(STATUSES) == 23


def test_every_state_but_the_first_is_reached_from_the_first() -> None:
    reached = {TicketStatus.DRAFT}
    for _ in STATUSES:
        reached |= {move.target for move in MOVES if reached & set(move.sources)}
    assert reached == set(TicketStatus)


def test_every_state_that_is_no_end_has_a_way_to_another_state() -> None:
    for status in set(TicketStatus) - ENDS:
        assert {move.target for move in moves_from(status)} - {status}, status


def test_an_end_has_no_way_on() -> None:
    assert [status for status in STATUSES if not moves_from(status)] == [s for s in STATUSES if s in ENDS]


def test_from_every_state_an_end_can_be_reached() -> None:
    leads_to_an_end = set(ENDS)
    for _ in STATUSES:
        leads_to_an_end |= {source for move in MOVES if move.target in leads_to_an_end for source in move.sources}
    assert leads_to_an_end == set(TicketStatus)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.verb)
def test_every_move_has_a_guard_a_text_and_somebody_who_may(move) -> None:  # type: ignore[no-untyped-def]
    assert move.guard in GUARDS
    assert move.text
    assert not move.text.isascii()
    assert any(move.may_be_done_by(role) for role in [*Role, None])
    assert len(set(move.sources)) == len(move.sources)


def test_verbs_and_actions_are_unique_and_every_step_and_form_has_its_verb() -> None:
    assert max(Counter(move.verb for move in MOVES).values()) == 1
    assert max(Counter(move.action for move in MOVES).values()) == 1
    assert set(STEPS) <= set(BY_VERB)
    assert set(FORMS) <= set(BY_VERB)


def test_every_guard_is_used() -> None:
    assert {move.guard for move in MOVES} == set(GUARDS)


@pytest.mark.parametrize("status", STATUSES)
def test_a_move_is_possible_from_its_sources_alone(status: TicketStatus) -> None:
    assert {verb for verb in BY_VERB if may_move(status, verb)} == {move.verb for move in moves_from(status)}


def test_an_unknown_verb_moves_nothing() -> None:
    assert not any(may_move(status, "close") for status in STATUSES)


@pytest.mark.parametrize("clock", list(Clock))
def test_every_clock_is_started_by_one_move_at_least_and_stopped_again(clock: Clock) -> None:
    does = {do: {m.verb for m in MOVES for e in m.effects if e.do is do and clock in e.clocks} for do in Do}
    assert START[clock] in does[Do.START]
    assert does[Do.STOP]


def test_a_pause_has_its_way_back() -> None:
    paused = {move.target for move in MOVES for effect in move.effects if effect.do is Do.PAUSE}
    resumed = {source for move in MOVES for effect in move.effects if effect.do is Do.RESUME for source in move.sources}
    assert paused == resumed == {TicketStatus.SUSPENDED}


@pytest.mark.parametrize(("role", "pair"), list(itertools.product(Role, sorted(SEPARATED, key=sorted))))
def test_no_role_holds_both_duties_of_a_separated_pair(role: Role, pair: frozenset[Duty]) -> None:
    assert not pair <= DUTIES[role]


@pytest.mark.parametrize("pair", sorted(SEPARATED_ON_A_TICKET, key=sorted))
def test_who_has_done_one_duty_of_a_pair_is_shut_out_of_the_other(pair: frozenset[Duty]) -> None:
    one, other = sorted(pair)
    assert separated_from(one, frozenset({other})) == other
    assert separated_from(other, frozenset({one})) == one


@given(st.sampled_from(list(Duty)), st.frozensets(st.sampled_from(list(Duty))))
def test_only_separated_duties_shut_out(duty: Duty, done: frozenset[Duty]) -> None:
    expected = any(frozenset({duty, other}) in SEPARATED_ON_A_TICKET for other in done)
    assert (separated_from(duty, done) is not None) is expected


def test_units_handle_and_nobody_else_does() -> None:
    assert {role for role in Role if Duty.HANDLE in DUTIES[role]} == OF_A_UNIT
    assert Duty.HANDLE not in SYSTEM_DUTIES
    assert not SYSTEM_DUTIES & {Duty.AUDIT, Duty.SUPERVISE, Duty.APPROVE}


def test_every_role_duty_status_and_choice_has_its_words() -> None:
    assert set(DUTIES) == set(Role)
    assert set(DUTY_WORDS) == set(Duty)
    assert set(STATUS_WORDS) == set(TicketStatus)
    for kind, words in WORDS.items():
        assert {str(value) for value in kind} == set(words)


def test_pages_name_every_status_as_the_table_does() -> None:
    words = make_environment().get_template("platform/words.html").module
    assert {str(status): name for status, name in STATUS_WORDS.items()} == words.TICKET_STATUSES  # type: ignore[attr-defined]
    assert set(words.TICKET_STATUS_TONES) == set(STATUS_WORDS)  # type: ignore[attr-defined]
    assert set(words.ROLES) == set(Role)  # type: ignore[attr-defined]


def test_open_means_that_somebody_still_has_to_do_something() -> None:
    assert set(TicketStatus) - OPEN - ENDS == {TicketStatus.MERGED, TicketStatus.FINISHED, TicketStatus.RATED}


@pytest.mark.parametrize("kind", list(AssignmentKind))
def test_a_units_leg_has_a_whole_machine_too(kind: AssignmentKind) -> None:
    table = NEXT[kind]
    assert set(table) == set(AssignmentStatus)
    reached = {AssignmentStatus.ASSIGNED}
    for _ in AssignmentStatus:
        reached |= {to for status in reached for to in table[status]}
    assert reached >= set(AssignmentStatus) - {AssignmentStatus.RETURNED}
    assert (AssignmentStatus.RETURNED in reached) is (kind is AssignmentKind.LEAD)
    assert [status for status in AssignmentStatus if not table[status]] == ["returned", "closed"]


def test_the_diagram_is_current() -> None:
    """Mend with: python -m app.tickets.state_docs > docs/ticket-states.md"""
    assert (PROJECT / "docs/ticket-states.md").read_text(encoding="utf-8") == render()
