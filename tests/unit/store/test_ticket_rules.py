"""Ticket moves, guards, numbers, and who sees what."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.models import Role
from app.lines.rules import candidate_numbers
from app.platform.cursors import CursorRefused, make_cursor, read_cursor, read_moment
from app.tickets.models import TicketType
from app.tickets.numbers import check_digit, is_ticket_number, make_query_code, make_ticket_number
from app.tickets.rules import (
    EDITED_FIELDS,
    may_edit_ticket,
    missing_for_acceptance,
    missing_for_finish,
)
from app.tickets.schemas import TicketChanges


@dataclass
class Form:
    ticket_type: str | None = TicketType.CONSULT
    subject_code: str | None = "030101"
    region_code: str | None = "410421"
    content: str = "李女士来电咨询停水何时恢复"
    answer: str = "预计今晚八点恢复"
    contact_number: str = "19900012345"
    secrecy: str = "public"


def test_a_complete_draft_may_be_accepted_and_finished() -> None:
    assert missing_for_acceptance(Form()) == missing_for_finish(Form()) == {}


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (Form(ticket_type=None), "ticket_type"),
        (Form(subject_code=None), "subject_code"),
        (Form(region_code=None), "region_code"),
        (Form(region_code="410000"), "region_code"),
        (Form(region_code="410400"), "region_code"),
        (Form(content="太短了"), "content"),
        (Form(content="         　     "), "content"),
        (Form(contact_number=""), "contact_number"),
    ],
)
def test_what_is_missing_is_named_by_its_field(form: Form, field: str) -> None:
    assert list(missing_for_acceptance(form)) == [field]


def test_an_anonymous_ticket_needs_no_contact() -> None:
    assert missing_for_acceptance(Form(contact_number="", secrecy="anonymous")) == {}


def test_a_township_is_exact_enough() -> None:
    assert missing_for_acceptance(Form(region_code="410421101")) == {}


@pytest.mark.parametrize("kind", [kind for kind in TicketType if kind is not TicketType.CONSULT])
def test_only_a_consultation_is_finished_at_once(kind: TicketType) -> None:
    assert list(missing_for_finish(Form(ticket_type=kind))) == ["ticket_type"]


def test_a_consultation_is_finished_with_its_answer() -> None:
    assert list(missing_for_finish(Form(answer=" "))) == ["answer"]


def test_auditors_only_read() -> None:
    assert [role for role in Role if may_edit_ticket(role)] == [Role.AGENT, Role.SUPERVISOR]


def test_the_form_saves_the_fields_that_the_rules_name() -> None:
    assert set(TicketChanges.model_fields) == set(EDITED_FIELDS)


def test_a_ticket_number_tells_region_day_and_running_number() -> None:
    late = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)  # already the 23rd in Shanghai

    assert make_ticket_number("410400", late, 42).startswith("410400261123000042")
    assert is_ticket_number(make_ticket_number("410400", late, 42))


def test_the_check_digit_is_the_one_of_iso_7064() -> None:
    assert check_digit("0794") == "5"  # the standard's own example


@given(st.from_regex(r"\d{18}", fullmatch=True), st.integers(0, 18), st.integers(1, 9))
def test_a_mistyped_digit_is_always_found(body: str, place: int, shift: int) -> None:
    if not body.isascii():
        return
    number = body + check_digit(body)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]

    assert is_ticket_number(number)
    assert not is_ticket_number(wrong)


def test_query_codes_are_eight_digits_and_differ() -> None:
    codes = {make_query_code() for _ in range(50)}

    assert all(len(code) == 8 and code.isdigit() for code in codes)
    assert len(codes) > 45


@pytest.mark.parametrize(
    "cursor", ["", "x", "!!", "a|b", make_cursor("2026-01-01", 1), make_cursor("x", 1), "é", "=" * 9]
)
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(CursorRefused):
        read_cursor(cursor, read_moment)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**63 - 1))
def test_a_cursor_comes_back_as_it_went(moment: datetime, row_id: int) -> None:
    assert read_cursor(make_cursor(moment.isoformat(), row_id), read_moment) == (moment, row_id)


@pytest.mark.parametrize("dnis", ["12345", "037512345", "0375-12345", "+8637512345", "8637512345", "01012345"])
def test_all_ways_to_dial_a_line_lead_to_it(dnis: str) -> None:
    assert "12345" in candidate_numbers(dnis)


@pytest.mark.parametrize("dnis", ["", "9", "anonymous", "1" * 40])
def test_what_is_no_number_leads_to_no_line(dnis: str) -> None:
    assert "12345" not in candidate_numbers(dnis)
