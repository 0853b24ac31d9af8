"""How followers of an outage are told that it is over: which way, when, how often, and what a call has told."""

from datetime import UTC, datetime, timedelta

import pytest

from app.broadcasts.models import Broadcast, IncidentFollower, Way
from app.broadcasts.telling_rules import Heard, hear, wait_after, way_of, within
from app.broadcasts.wording import explain
from app.contract import events as facts
from app.contract.events import AnyPayload, CallbackStep, CallEvent, NodeVisit
from app.contract.ids import incident_follower, incident_over_call_id, is_callback_call, is_outgoing_call
from app.platform.clock import SHANGHAI

NOON = datetime(2026, 11, 23, 12, 30, tzinfo=SHANGHAI).astimezone(UTC)
CALL = incident_over_call_id(17, 2)
MOBILE, LANDLINE, ABROAD = "13812345678", "03752001234", "+14155550123"

ARRIVED = facts.CallArrived(trunk="outgoing", dnis="12345", ani=LANDLINE, mode="incident_over")
TALKED = facts.CallbackProgressed(step=CallbackStep.TALKED)
BUSY = facts.CallbackProgressed(step=CallbackStep.MISSED, cause="busy")
ENDED = facts.CallEnded()


def flow(*visits: tuple[str, str], name: str = "incident-over") -> facts.IntakeRecorded:
    path = [NodeVisit(node=node, left_by=left_by) for node, left_by in visits]
    return facts.IntakeRecorded(flow=name, route="hangup", path=path)


ALL_OF_IT = flow(("hello", "next"), ("told", "next"), ("ask", "hung_up"))
HALF_OF_IT = flow(("hello", "next"), ("told", "hung_up"))


def story(*payloads: AnyPayload) -> list[CallEvent]:
    return [
        CallEvent.make(
            payload, node="node1.ami", occurred_at=NOON + timedelta(seconds=second), uniqueid=CALL, call_id=CALL,
            distinguishers=(second,),
        )
        for second, payload in enumerate(payloads)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "wanted", "way"),
    [
        (MOBILE, Way.SMS, (Way.SMS, "")),
        (LANDLINE, Way.SMS, (Way.CALL, "")),
        (MOBILE, Way.CALL, (Way.CALL, "")),
        (ABROAD, Way.SMS, (Way.PEOPLE, "abroad")),
        ("匿名3f9c", Way.CALL, (Way.PEOPLE, "abroad")),
        (MOBILE, Way.PEOPLE, (Way.PEOPLE, "")),
    ],
)
def test_a_mobile_gets_a_message_a_landline_a_call_and_who_is_abroad_people(
    number: str, wanted: Way, way: tuple[Way, str]
) -> None:
    assert way_of(number, wanted) == way


@pytest.mark.parametrize(
    ("clock", "opens"),
    [("12:30", "23 12:30"), ("08:00", "23 08:00"), ("07:59", "23 08:00"), ("21:00", "24 08:00"), ("03:00", "23 08:00")],
)
def test_nobody_is_disturbed_at_night(clock: str, opens: str) -> None:
    moment = datetime.fromisoformat(f"2026-11-23T{clock}").replace(tzinfo=SHANGHAI)

    found = within((8, 21), moment.astimezone(UTC))

    assert (f"{found.astimezone(SHANGHAI):%d %H:%M}", found.tzinfo) == (opens, UTC)
    assert within((0, 24), moment) == moment


def test_three_telephones_that_rang_in_vain_are_enough() -> None:
    waits = [wait_after(rung) for rung in range(4)]

    assert waits == [timedelta(minutes=30), timedelta(minutes=30), timedelta(hours=2), None]


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ((ARRIVED, TALKED, ALL_OF_IT, ENDED), ""),
        ((ALL_OF_IT, ENDED, TALKED), ""),
        ((ARRIVED, TALKED, HALF_OF_IT, ENDED), "hung_up"),
        ((ARRIVED, BUSY, ENDED), "busy"),
        ((ARRIVED, ENDED), "lost"),
    ],
)
def test_who_heard_all_of_it_is_told_and_others_are_not(told: tuple[AnyPayload, ...], cause: str) -> None:
    heard = hear(story(*told))

    assert heard is not None
    assert heard.cause == cause


@pytest.mark.parametrize(
    "told",
    [(), (ARRIVED, TALKED), (ARRIVED, TALKED, ALL_OF_IT), (TALKED, ENDED), (TALKED, flow(name="hotline-12345"), ENDED)],
)
def test_nothing_is_concluded_before_it_is_over_and_the_flow_has_told(told: tuple[AnyPayload, ...]) -> None:
    assert hear(story(*told)) is None


def test_its_id_names_follower_and_attempt_and_is_of_no_other_call() -> None:
    assert (CALL, incident_follower(CALL), is_outgoing_call(CALL), is_callback_call(CALL)) == (
        "io-17-2", (17, 2), True, False,
    )  # fmt: skip
    assert [incident_follower(other) for other in ("fu-17-2", "io-0-1", "io-17", "node1-1.2", None)] == [None] * 5
    assert Heard(NOON).cause == ""


@pytest.mark.parametrize(
    ("values", "over_at", "word", "detail"),
    [
        ({}, None, "待恢复", ""),
        ({}, NOON, "待告知", ""),
        ({"way": "sms", "next_try_at": NOON}, NOON, "短信待发", ""),
        ({"way": "call", "calls_placed": 2, "cause": "busy", "next_try_at": NOON}, NOON, "待呼叫", "已呼叫 2 次，占线"),
        ({"given_up_at": NOON, "cause": "abroad"}, NOON, "待人工告知", "号码无法由系统呼叫"),
        ({"told_at": NOON, "told_by": "call"}, NOON, "已告知", "语音电话"),
        ({"told_at": NOON, "told_by": "1001", "given_up_at": NOON}, NOON, "已告知", "1001"),
    ],
)
def test_pages_say_how_far_each_is(values: dict[str, object], over_at: datetime | None, word: str, detail: str) -> None:
    usual = {"way": "", "cause": "", "calls_placed": 0}
    progress = explain(IncidentFollower(**{**usual, **values}), Broadcast(over_at=over_at), (8, 21))

    assert (progress.word, progress.detail) == (word, detail)
