"""A difference between plans is told in words that a person can agree or object to."""

from datetime import date

import pytest

from app.contract.changes import Area
from dialplan.changes.meaning import describe
from dialplan.plan_file import parse_plan
from dialplan.site_plan import SitePlan
from tests.unit.changes.conftest import TEXT

TODAY = date(2026, 11, 23)
FORWARD = "      - {from: 2020-12-14, mode: forward, direction: out, trunk: labour}\n"
SKILLED = 'seat: "800{}", skills: {{mandarin: 0, consumer: 1}}'


def told(plan: SitePlan, *edits: tuple[str, str]) -> list[str]:
    text = TEXT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return [change.text for change in describe(plan, parse_plan(text, name="new"), TODAY)]


def test_the_same_plan_changes_nothing(plan: SitePlan) -> None:
    assert describe(plan, plan, TODAY) == []


def test_a_coming_mode_names_its_line_and_day(plan: SitePlan) -> None:
    coming = FORWARD + "      - {from: 2026-12-01, mode: direct_merge}\n"

    assert told(plan, (FORWARD, coming)) == ["line 12333 changes to direct_merge on 2026-12-01"]


def test_a_mode_of_the_past_takes_effect_now_and_wants_care(plan: SitePlan) -> None:
    edited = TEXT.replace(FORWARD, FORWARD + "      - {from: 2026-11-01, mode: direct_merge}\n")

    [change] = describe(plan, parse_plan(edited, name="new"), TODAY)

    assert change.text == "line 12333 is direct_merge as of 2026-11-01, so from now on"
    assert change.needs_care
    assert change.on == date(2026, 11, 1)


def test_a_day_that_moves_is_one_change(plan: SitePlan) -> None:
    old = parse_plan(TEXT.replace(FORWARD, FORWARD + "      - {from: 2027-01-01, mode: direct_merge}\n"), name="old")
    new = parse_plan(TEXT.replace(FORWARD, FORWARD + "      - {from: 2026-12-01, mode: direct_merge}\n"), name="new")

    assert [change.text for change in describe(old, new, TODAY)] == [
        "line 12333 changes to direct_merge on 2026-12-01 instead of 2027-01-01"
    ]


def test_agents_who_lose_a_skill_are_counted_and_named(plan: SitePlan) -> None:
    found = told(plan, *((SKILLED.format(n), f'seat: "800{n}", skills: {{mandarin: 0}}') for n in (1, 2)))

    assert found == ["2 agents lose skill consumer: 1001, 1002"]


def test_one_agent_who_loses_a_skill_is_one(plan: SitePlan) -> None:
    assert told(plan, (SKILLED.format(3), 'seat: "8003", skills: {mandarin: 0}')) == [
        "1 agent loses skill consumer: 1003"
    ]


def test_seats_in_a_row_are_told_as_a_range(plan: SitePlan) -> None:
    assert told(plan, ("8001-8004", "8001-8020")) == ["16 seats are added: 8005-8020"]


GROUP = "  - {name: hall, range: 8001-8004}\n"
TWO_GROUPS = "  - {name: hall, range: 8001-8002}\n  - {name: east, range: 8003-8004}\n"
ECHO = "destinations:\n  - {name: echo, kind: echo, numbers: '600'}\n"


def test_a_seat_group_that_is_renamed_is_told(plan: SitePlan) -> None:
    assert told(plan, (GROUP, GROUP.replace("hall", "lobby"))) == [
        "1 seat group is added: lobby", "1 seat group is removed: hall",
    ]  # fmt: skip


def test_seats_that_move_to_another_group_are_told(plan: SitePlan) -> None:
    assert told(plan, (GROUP, TWO_GROUPS)) == [
        "1 seat group is added: east", "seats hall: range 8001-8004 becomes 8001-8002",
    ]  # fmt: skip


def test_destinations_that_come_and_go_are_told_and_who_may_dial_them() -> None:
    old = parse_plan(TEXT, name="old")
    new = parse_plan(TEXT.replace("seats:\n" + GROUP, ECHO + "seats:\n" + GROUP), name="new")
    group = GROUP.replace("hall", "lobby").replace("}", ", may_dial: [echo]}")
    dialled = parse_plan(TEXT.replace("seats:\n" + GROUP, ECHO + "seats:\n" + group), name="dialled")

    assert [change.text for change in describe(old, new, TODAY)] == ["1 destination is added: echo"]
    assert [change.text for change in describe(new, old, TODAY)] == ["1 destination is removed: echo"]
    assert "seats lobby: may_dial nothing becomes echo" in [change.text for change in describe(new, dialled, TODAY)]


def test_a_number_that_is_no_longer_delivered_wants_care(plan: SitePlan) -> None:
    edited = TEXT.replace(
        '     dids: [{number: "12345", line: "12345"}, {', '     dids: [{number: "96123", line: "12345"}, {'
    )

    changes = describe(plan, parse_plan(edited, name="new"), TODAY)

    assert [(change.area, change.text, change.needs_care) for change in changes] == [
        (Area.TRUNK, "trunk carrier also delivers 96123", False),
        (Area.TRUNK, "trunk carrier no longer delivers 12345", True),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max_calls: 10,\n     dids", "max_calls: 20,\n     dids", "trunk carrier: max_calls 10 becomes 20"),
        ("label: 综合受理,", "label: 综合受理, ring_seconds: 20,", "queue common: ring_seconds 15 becomes 20"),
        ("label: 人社热线", "label: 人社", "line 12333: label 人社热线 becomes 人社"),
        ("general_queue: common", "general_queue: consumer", "the site: general_queue common becomes consumer"),
    ],
)
def test_a_field_is_told_with_both_values(plan: SitePlan, old: str, new: str, said: str) -> None:
    assert told(plan, (old, new)) == [said]


def test_every_change_is_said_in_chinese_too(plan: SitePlan) -> None:
    edited = TEXT.replace(FORWARD, FORWARD + "      - {from: 2026-12-01, mode: direct_merge}\n")

    assert [change.text_zh for change in describe(plan, parse_plan(edited, name="new"), TODAY)] == [
        "线路 12333 自 2026-12-01 起改为直接合并"
    ]


def test_the_first_plan_is_summed_up(plan: SitePlan) -> None:
    assert [change.text for change in describe(None, plan, TODAY)] == [
        "the first plan of this node: 2 lines, 2 trunks, 2 queues, 4 seats"
    ]
