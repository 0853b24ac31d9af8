"""When a unit is told of late clocks, and in which words."""

from datetime import datetime

import pytest

from app.catalogue.models import Unit
from app.deadlines.notices import gathered_time
from app.deadlines.profile import Urgency
from app.deadlines.telling import Told, line_of, words_of
from app.deadlines.versions import shipped_calendar, shipped_profiles
from app.outbox.recipients import mobile_of_unit
from app.platform.clock import SHANGHAI

CALENDAR, HENAN = shipped_calendar(), shipped_profiles()["henan"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "urgency", "told"),
    [
        ("2026-11-23T09:12", Urgency.NORMAL, "2026-11-23T10:00"),
        ("2026-11-23T09:00", Urgency.NORMAL, "2026-11-23T09:00"),
        ("2026-11-23T02:00", Urgency.NORMAL, "2026-11-23T08:30"),
        ("2026-11-23T17:20", Urgency.NORMAL, "2026-11-24T08:30"),  # the full hour is closing time
        ("2026-11-27T23:30", Urgency.NORMAL, "2026-11-30T08:30"),
        ("2026-11-23T09:12", Urgency.URGENT, "2026-11-23T09:12"),
        ("2026-11-23T20:00", Urgency.URGENT, "2026-11-24T08:30"),
        ("2026-10-03T02:00", Urgency.EMERGENCY, "2026-10-03T02:00"),
    ],
)
def test_what_can_wait_is_told_on_the_full_hour_and_an_emergency_at_once(now: str, urgency: Urgency, told: str) -> None:
    assert gathered_time(CALENDAR, HENAN, urgency, at(now)) == at(told)


def test_few_are_named_and_many_are_counted_the_highest_step_first() -> None:
    line = line_of("4104002611230000011", "reply", "yellow", at("2026-11-20T23:59"))
    few = Told({"yellow": 1}, [line], {1})
    many = Told({"urge": 7, "red": 1, "remind": 4})

    assert words_of(few, is_emergency=False) == (
        "工单4104002611230000011办结答复黄牌（11月20日23:59到期）。请及时处理。"
    )
    assert words_of(many, is_emergency=True) == (
        "有12条时限和督办提示（红牌1条、催办7条、提醒4条），请登录系统查看并立即处理。"
    )


def test_a_message_fits_into_its_column_whatever_the_unit_is_called() -> None:
    lines = [line_of("4" * 20, "acknowledgement", "investigate", at("2026-11-20T23:59"))] * 3

    assert len("【12345热线】：" + "名" * 60 + words_of(Told({"red": 3}, lines), is_emergency=True)) <= 500


@pytest.mark.parametrize(
    ("duty", "contact", "is_emergency", "number"),
    [
        ("0375-0000102", "19900000002", True, "19900000002"),
        ("19900000999", "19900000002", True, "19900000999"),
        ("19900000999", "19900000002", False, "19900000002"),
        ("0375-0000102", "", True, ""),
    ],
)
def test_only_a_mobile_reads_messages(duty: str, contact: str, is_emergency: bool, number: str) -> None:
    unit = Unit(code="u", name="单位", duty_phone=duty, contact_phone=contact)

    assert mobile_of_unit(unit, is_emergency=is_emergency) == number
