"""Which broadcast a caller hears, if any."""

from datetime import UTC, datetime, timedelta

import pytest

from app.broadcasts.models import Broadcast, BroadcastKind
from app.broadcasts.rules import choose, is_on_air, is_within, spoken

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def broadcast(number: int = 1, **values: object) -> Broadcast:
    usual: dict[str, object] = {
        "id": number, "kind": BroadcastKind.INCIDENT, "text": "停水", "line": "", "region_code": None,
        "starts_at": NOW - HOUR, "expires_at": NOW + HOUR, "spoken_at": NOW - HOUR, "ended_at": None,
    }  # fmt: skip
    return Broadcast(**{**usual, **values})


@pytest.mark.parametrize(
    ("values", "is_heard"),
    [
        ({}, True),
        ({"spoken_at": None}, False),
        ({"ended_at": NOW - HOUR}, False),
        ({"starts_at": NOW + HOUR}, False),
        ({"starts_at": NOW}, True),
        ({"expires_at": NOW}, False),
    ],
)
def test_it_is_heard_from_its_beginning_until_its_end(values: dict[str, object], is_heard: bool) -> None:
    assert is_on_air(broadcast(**values), NOW) is is_heard


@pytest.mark.parametrize(
    ("place", "area", "is_inside"),
    [
        ("410402", "410400", True),
        ("410402", "410402", True),
        ("410403", "410402", False),
        ("410402101", "410402", True),
        ("411002", "410400", False),
        ("411002", "410000", True),
    ],
)
def test_a_county_lies_in_its_city(place: str, area: str, is_inside: bool) -> None:
    assert is_within(place, area) is is_inside


def test_a_notice_comes_before_an_outage_and_the_newest_of_each_first() -> None:
    outage, newer = broadcast(1), broadcast(3)
    notice = broadcast(2, kind=BroadcastKind.NOTICE)

    assert choose([outage, notice, newer], line="12345", region_code=None, now=NOW) is notice
    assert choose([outage, newer], line="12345", region_code=None, now=NOW) is newer


def test_a_line_s_broadcast_is_for_its_callers_alone() -> None:
    one = broadcast(line="12315")

    assert choose([one], line="12315", region_code=None, now=NOW) is one
    assert choose([one], line="12345", region_code=None, now=NOW) is None


def test_who_is_known_to_live_elsewhere_hears_nothing_and_a_stranger_does() -> None:
    one = broadcast(region_code="410402")

    assert choose([one], line="", region_code="410403", now=NOW) is None
    assert choose([one], line="", region_code=None, now=NOW) is one


def test_figures_are_read_one_by_one() -> None:
    assert spoken("请拨打110") == "请拨打一一零"
