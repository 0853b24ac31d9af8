"""Parked events in Chinese: each reason our own code gives has its sentence; what was sent shows no number."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.accounts.auth import Actor
from app.calls.models import ParkedEvent
from app.contract.events import AgentPaused, CallArrived, CallEvent, Payload
from app.ingest.rules import Parked, parse_event
from app.ingest.wording import MALFORMED, UNFORESEEN, explain, tell

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BUREAU = Actor(name="bureau", node="bureau", line="12315")


def raw(payload: Payload | None = None, *, at: datetime = NOW, **changed: Any) -> dict[str, Any]:
    event = CallEvent.make(
        payload or CallArrived(trunk="t", dnis="12345", ani="19900012345"), node="node1", occurred_at=at,
        uniqueid="node1-1.1", call_id="node1-1.1",
    )  # fmt: skip
    return {**event.model_dump(mode="json"), **changed}


def reason_of(what: Any, sender: Actor | None = None) -> str:
    judged = parse_event(what, node="node1.ami", now=NOW, **({"sender": sender} if sender else {}))
    assert isinstance(judged, Parked)
    return judged.reason


@pytest.mark.parametrize(
    ("what", "sender", "said"),
    [
        (raw(at=NOW + timedelta(days=3)), None, "时钟"),
        (raw(call_id=""), None, "没有通话编号"),
        (raw(), BUREAU, "自己线路"),
        (raw(AgentPaused(queue="common", agent="8001", reason="meal")), BUREAU, "不能上报坐席"),
        (raw(node="a\0b"), None, "无法保存的字符"),
        (raw(uniqueid="\ud800"), None, "无法保存的字符"),
        (raw(seq=2**70), None, "数值过大"),
        (raw(type="Nonsense"), None, MALFORMED),
        ([1, 2], None, MALFORMED),
    ],
)
def test_a_reason_says_in_chinese_what_is_wrong(what: Any, sender: Actor | None, said: str) -> None:
    assert said in explain(reason_of(what, sender))


def test_what_nobody_foresaw_goes_to_who_wrote_it_and_chinese_stays() -> None:
    assert explain("IntegrityError: something odd") == UNFORESEEN
    assert explain("它的内容过长") == "它的内容过长"


def test_what_was_sent_is_shown_without_the_middle_of_a_number() -> None:
    told = tell(ParkedEvent(node="node1.ami", seq=7, reason="x", body=json.dumps(raw())))

    assert (told.type, told.call_id) == ("CallArrived", "node1-1.1")
    assert "199****2345" in told.body
    assert "19900012345" not in told.body


@pytest.mark.parametrize("body", ["", "torn{", "[1]", "null", '{"type": 5, "call_id": ["x"]}'])
def test_whatever_was_sent_can_be_shown(body: str) -> None:
    told = tell(ParkedEvent(node="node1.ami", seq=0, reason="x", body=body))

    assert (told.type, told.call_id) == ("", "")
