"""What one side has and the other misses."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.calls.cdr_file import BrokenRow, CdrFile, CdrRow
from app.calls.completeness import Comparison, OurCall, compare

DAY = date(2026, 11, 23)
EIGHT = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""In the morning, Asia/Shanghai."""
NUMBER = "13800138000"


def row(number: int, after: float, *, caller: str | None = NUMBER, call_id: str = "", line: str = "") -> CdrRow:
    return CdrRow(number, EIGHT + timedelta(seconds=after), caller, call_id, line)


def call(name: str, after: float, *, caller: str | None = NUMBER, node: str = "node1") -> OurCall:
    return OurCall(f"{node}-{name}", node, EIGHT + timedelta(seconds=after), caller)


def compared(rows: list[CdrRow], calls: list[OurCall], *aliases: str) -> Comparison:
    return compare(CdrFile(rows), calls, line="12315", day=DAY, aliases=aliases)


def test_the_same_call_is_found_by_number_and_time() -> None:
    found = compared([row(2, 0)], [call("1", 12)])

    assert (found.theirs, found.ours, len(found.matched)) == (1, 1, 1)
    assert found.is_complete


@pytest.mark.parametrize("call_id", ["bureau-7.1", "7.1"])
def test_the_same_call_is_found_by_its_id_whatever_clock_and_number_say(call_id: str) -> None:
    found = compared([row(2, 0, caller=None, call_id=call_id)], [call("7.1", 900, node="bureau")])

    assert found.is_complete


@pytest.mark.parametrize(
    ("ours", "reason"), [(call("1", 61), "too late"), (call("1", 0, caller="13900139000"), "another number")]
)
def test_another_call_is_missing_on_both_sides(ours: OurCall, reason: str) -> None:
    found = compared([row(2, 0)], [ours])

    assert [missing.row for missing in found.missing_here] == [2], reason
    assert found.missing_there == [ours]
    assert not found.is_complete


def test_a_citizen_who_calls_again_at_once_is_paired_call_by_call() -> None:
    rows = [row(2, 0), row(3, 40), row(4, 80)]

    found = compared(rows, [call("1", 30), call("2", 70), call("3", 110)])

    assert [(pair[0].row, pair[1].call_id) for pair in found.matched] == [
        (2, "node1-1"),
        (3, "node1-2"),
        (4, "node1-3"),
    ]


def test_a_call_told_twice_is_a_double_not_a_stranger() -> None:
    found = compared([row(2, 0)], [call("7.1", 0, node="bureau"), call("1", 15)])

    assert [double.call_id for double in found.doubled_here] == ["node1-1"]
    assert found.missing_there == []


def test_rows_of_another_day_or_line_are_left_out_and_repeated_ones_counted_once() -> None:
    rows = [
        row(2, 0),
        row(3, 0),
        row(4, 16 * 3600),
        row(5, 5, line="12333"),
        row(6, 300, line="037512315", call_id="9"),
        row(7, 301, call_id="9"),
    ]

    found = compared(rows, [call("1", 0), call("2", 300)])

    assert [left.row for left in found.foreign_rows] == [4, 5]
    assert [again.row for again in found.repeated_rows] == [3, 7]
    assert (found.theirs, found.is_complete) == (2, True)


@pytest.mark.parametrize(
    "rows", [[row(2, 0, line="12333")], [row(2, 24 * 3600)], [row(2, 0, line="12358"), row(3, 0, line="12345")]]
)
def test_a_list_of_another_line_or_day_compares_nothing_and_is_not_complete(rows: list[CdrRow]) -> None:
    found = compared(rows, [])

    assert (found.theirs, found.is_another_list, found.is_complete) == (0, True, False)


def test_a_list_without_rows_is_complete_as_nobody_called() -> None:
    assert compared([], []).is_complete


@pytest.mark.parametrize("dialled", ["12358", "037512358"])
def test_a_row_that_names_another_number_of_the_line_is_of_the_line(dialled: str) -> None:
    found = compared([row(2, 0, line=dialled)], [call("1", 9)], "12358", "12365")

    assert (len(found.matched), found.foreign_rows, found.is_complete) == (1, [], True)


def test_a_double_names_the_record_of_the_same_call() -> None:
    found = compared([row(2, 0)], [call("7.1", 0, node="bureau"), call("1", 15)])

    assert found.twins == {"node1-1": "bureau-7.1"}


def test_a_call_that_the_exchange_reported_and_forwarded_is_a_double_though_its_own_list_has_neither() -> None:
    found = compared([row(2, 7200)], [call("7.1", 0, node="bureau"), call("1", 15), call("2", 7200)])

    assert found.twins == {"node1-1": "bureau-7.1"}
    assert [missing.call_id for missing in found.missing_there] == ["bureau-7.1"]
    assert not found.is_complete


def test_a_forwarded_call_is_a_double_of_one_that_is_known_by_its_id_whatever_the_exchanges_clock_says() -> None:
    rows = [row(2, 0, call_id="7.1")]

    found = compared(rows, [call("7.1", 900, node="bureau"), call("1", 890)])

    assert found.twins == {"node1-1": "bureau-7.1"}


@pytest.mark.parametrize(
    "second",
    [call("2", 15), call("2", 61, node="bureau"), call("2", 15, caller="13900139000", node="bureau")],
    ids=["he called us again", "too late", "another number"],
)
def test_two_calls_of_ours_are_no_double_only_because_they_are_near(second: OurCall) -> None:
    found = compared([], [call("1", 0), second])

    assert (found.doubled_here, len(found.missing_there)) == ([], 2)


def test_two_who_withhold_their_number_are_no_double() -> None:
    found = compared([], [call("1", 0, caller=None), call("2", 5, caller=None, node="bureau")])

    assert found.doubled_here == []


def test_a_machine_that_calls_all_day_is_compared_at_once() -> None:
    found = compared([], [call(str(n), n) for n in range(20_000)])

    assert len(found.missing_there) == 20_000


def test_a_call_just_before_midnight_may_have_reached_us_after_it() -> None:
    found = compared([row(2, 16 * 3600 - 5)], [call("1", 16 * 3600 + 5), call("2", 16 * 3600 + 20, caller="110")])

    assert len(found.matched) == 1
    assert found.missing_there == []


def test_a_list_with_a_broken_row_is_not_complete() -> None:
    found = compare(CdrFile([row(2, 0)], [BrokenRow(3, "a NUL byte")]), [call("1", 0)], line="12315", day=DAY)

    assert not found.is_complete


def test_ten_thousand_callers_without_a_number_are_compared_at_once() -> None:
    rows = [row(n, n, caller=None) for n in range(10_000)]

    found = compared(rows, [call(str(n), n, caller=None) for n in range(10_000)])

    assert (len(found.matched), found.is_complete) == (10_000, True)
