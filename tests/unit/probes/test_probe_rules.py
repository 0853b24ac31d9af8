"""What a test call must have met, and whose turn is next."""

from datetime import UTC, datetime, timedelta

import pytest

from app.calls.rules import normalize_number
from app.probes.models import ProbeFault
from app.probes.rules import FAULT_TEXTS, Dialled, caller_of, fault_of_record, fault_of_sound, lines_due

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
HEARD = Dialled(sip_status=200, answer_ms=30, audio_ms=3500, loudness=6000)


@pytest.mark.parametrize(
    ("dialled", "fault"),
    [
        (HEARD, None),
        (Dialled(sip_status=200, audio_ms=900, loudness=6000, is_cut_off=True), None),
        (Dialled(sip_status=200, audio_ms=3500, loudness=199), ProbeFault.SILENT),
        (Dialled(sip_status=200, audio_ms=499, loudness=6000), ProbeFault.SILENT),
        (Dialled(sip_status=200), ProbeFault.SILENT),
        (Dialled(sip_status=200, is_cut_off=True), ProbeFault.BROKEN_OFF),
        (Dialled(sip_status=404), ProbeFault.REFUSED),
        (Dialled(sip_status=503), ProbeFault.REFUSED),
        (Dialled(sip_status=408), ProbeFault.NO_ANSWER),
        (Dialled(), ProbeFault.NO_ANSWER),
        (Dialled(failure="sipp is not installed"), ProbeFault.CANNOT_DIAL),
    ],
)
def test_the_first_thing_that_is_wrong_is_the_fault(dialled: Dialled, fault: ProbeFault | None) -> None:
    assert fault_of_sound(dialled) is fault


@pytest.mark.parametrize(
    ("found", "fault"),
    [("12315", None), ("12345", ProbeFault.WRONG_LINE), ("", ProbeFault.WRONG_LINE), (None, ProbeFault.NO_RECORD)],
)
def test_the_record_must_name_the_line(found: str | None, fault: ProbeFault | None) -> None:
    assert fault_of_record("12315", found) is fault


def test_every_fault_has_words_for_people() -> None:
    assert set(FAULT_TEXTS) == set(ProbeFault)


def test_a_test_calls_number_is_nobodys() -> None:
    numbers = {caller_of(probe_id) for probe_id in (1, 2, 10**10, 10**10 + 3)}

    assert len(numbers) == 4
    assert {len(number) for number in numbers} == {11}
    assert {normalize_number(number) for number in numbers} == {None}


def test_lines_take_their_turn_the_longest_ago_first() -> None:
    last = {"12345": NOW - HOUR, "12315": None, "12333": NOW - 2 * HOUR, "12369": NOW - timedelta(minutes=59)}

    assert lines_due(last, now=NOW, every=HOUR) == ["12315", "12333"]
    assert lines_due(last | {"12315": NOW, "12333": NOW}, now=NOW, every=HOUR) == ["12345"]


def test_a_line_that_fails_comes_first_and_comes_again_soon() -> None:
    last = {
        "12345": NOW - 2 * HOUR,
        "12315": NOW - timedelta(minutes=2),
        "12333": NOW - timedelta(minutes=1),
        "12369": None,
    }

    assert lines_due(last, now=NOW, every=HOUR, failing={"12315", "12333"}) == ["12315", "12369"]


def test_so_many_are_dialled_a_minute_that_all_have_had_their_turn_in_time() -> None:
    five_hundred = {str(12000 + n): None for n in range(500)}

    assert len(lines_due(five_hundred, now=NOW, every=HOUR)) == 9


def test_nothing_is_due_where_the_schedule_is_off() -> None:
    assert lines_due({"12345": None}, now=NOW, every=timedelta(0)) == []
