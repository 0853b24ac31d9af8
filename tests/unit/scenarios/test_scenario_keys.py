"""Pressing keys: what a step may say, when its turn is, and what the store must have kept of it."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sipp_scenarios.cast import Player
from sipp_scenarios.comparison import _fits
from sipp_scenarios.expectation import ExpectedEvent
from sipp_scenarios.keys import KEY_SECONDS, SLACK_SECONDS, today, wait_for_turn
from sipp_scenarios.loading import ScenarioError, load
from sipp_scenarios.model import Actor
from sipp_scenarios.records import StoredEvent
from sipp_scenarios.sipp import SippFact
from sipp_scenarios.target import TargetError
from sipp_scenarios.templates import COMMON, render

SCENARIO = """\
summary: A caller presses keys, and this is long enough to be a summary.
actors: {{citizen: {{template: caller-keys}}}}
steps:
  - {{dial: [citizen]}}
  - {step}
expect: {{}}
"""


def scenario(folder: Path, step: str) -> Path:
    (folder / "mine").mkdir()
    (folder / "mine/scenario.yaml").write_text(SCENARIO.format(step=step), encoding="utf-8")
    return folder


@pytest.mark.parametrize("keys", ["1", "*", "12345678#", "{citizen}#", "1" * 40])
def test_keys_and_codes_may_be_pressed(tmp_path: Path, keys: str) -> None:
    step = load("mine", scenario(tmp_path, f"{{press: '{keys}', of: citizen, after: [menu]}}")).steps[1]

    assert getattr(step, "press") == keys  # noqa: B009


@pytest.mark.parametrize("keys", ["", "x", "1 2", "1" * 41, "1\\r\\nINFO", "{..}"])
def test_what_is_no_key_is_refused(tmp_path: Path, keys: str) -> None:
    with pytest.raises(ScenarioError):
        load("mine", scenario(tmp_path, f'{{press: "{keys}", of: citizen}}'))


def test_only_somebody_in_the_scenario_presses(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no actor 'nobody'"):
        load("mine", scenario(tmp_path, '{press: "1", of: nobody}'))


@dataclass
class Caller(Player):
    """A phone that saw these facts."""

    seen: list[SippFact] = field(default_factory=list)

    def facts(self) -> list[SippFact]:
        return self.seen


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr("sipp_scenarios.keys.time.sleep", waits.append)
    monkeypatch.setattr("sipp_scenarios.keys.time.time", lambda: 100.0)
    return waits


def test_a_turn_comes_when_the_prompts_have_been_spoken(tmp_path: Path, slept: list[float]) -> None:
    for name, seconds in (("greeting-menu", 2), ("menu", 3)):
        (tmp_path / f"{name}.alaw").write_bytes(bytes(8000 * seconds))
    caller = Caller("citizen", Actor(template="caller-keys"), seen=[SippFact(100.0, "answered")])

    wait_for_turn(caller, ["greeting-menu", "menu"], tmp_path)
    caller.pressed = 9
    wait_for_turn(caller, [], tmp_path)

    assert slept == pytest.approx([5 + SLACK_SECONDS, 9 * KEY_SECONDS + SLACK_SECONDS])


def test_a_date_is_as_long_as_its_words(tmp_path: Path, slept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sipp_scenarios.keys.today", lambda: ("say-10", "say-1", "say-month"))
    for name in ("say-10", "say-1", "say-month", "solved"):
        (tmp_path / f"{name}.alaw").write_bytes(bytes(4000))
    home = Caller("home", Actor(template="exchange-keys", trunk="outgoing"), seen=[SippFact(100.0, "answered")])

    wait_for_turn(home, ["{today}", "solved"], tmp_path)

    assert slept == pytest.approx([2 + SLACK_SECONDS])


def test_today_is_a_month_and_a_day() -> None:
    assert {"say-month", "say-day"} < set(today())


def test_a_turn_that_is_over_is_not_waited_for(tmp_path: Path, slept: list[float]) -> None:
    wait_for_turn(Caller("citizen", Actor(template="caller-keys"), seen=[SippFact(90.0, "answered")]), [], tmp_path)

    assert slept == [0]


def test_who_was_not_answered_presses_nothing(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="was not answered"):
        wait_for_turn(Caller("citizen", Actor(template="caller-keys")), [], tmp_path)


def test_a_prompt_that_was_never_built_is_named(tmp_path: Path, slept: list[float]) -> None:
    caller = Caller("citizen", Actor(template="caller-keys"), seen=[SippFact(100.0, "answered")])

    with pytest.raises(TargetError, match="no prompt menu on this stack"):
        wait_for_turn(caller, ["menu"], tmp_path)


def test_what_was_keyed_and_passed_is_compared() -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    payload = {"answers": {"menu": "2"}, "path": [{"node": "choice"}, {"node": "progress-query/none"}]}
    stored = StoredEvent("IntakeRecorded", datetime(2026, 1, 1, tzinfo=UTC), payload)

    def fits(**fields: object) -> bool:
        return _fits(ExpectedEvent.model_validate({"IntakeRecorded": fields}), stored, {})

    assert fits(answers={"menu": "2"}, path=["progress-query/none"])
    assert not fits(answers={"menu": "1"})
    assert not fits(answers={})
    assert not fits(path=["progress-query/status"])


def test_the_keys_of_a_caller_are_telephone_events_of_the_payload_that_sipp_sends() -> None:
    values = {"dnis": "12345", "from_header": "<sip:1@h>", "extra_headers": [], "answer_within_ms": 1, "stay_ms": 1}
    values["voice_packets"] = "/v.pcap"

    xml = render("caller-keys", COMMON, values)

    assert "a=rtpmap:96 telephone-event/8000" in xml
    assert "[auto_media_port]" in xml
    assert "rtp_stream" not in xml


def test_a_phone_that_is_rung_offers_the_payload_that_sipp_sends() -> None:
    """Asterisk has offered another one, and whoever offers sets the number."""
    xml = render("exchange-keys", COMMON, {"seat": "exchange", "headers": (), "ring_ms": 1, "stay_ms": 1})

    offer = xml[xml.index("INVITE [$target]") :]
    assert "a=rtpmap:96 telephone-event/8000" in offer
    assert xml.count("[auto_media_port]") == 2
    assert "rtp_stream" not in xml
