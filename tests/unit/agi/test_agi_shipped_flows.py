"""The shipped flows on a caller's channel: what the store and the dialplan are told."""

from pathlib import Path

import pytest

from app.contract.events import CallbackRequested
from app.contract.lookup import CallerCard
from ivr_flows.loader import FLOWS, read_flows
from ivr_flows.model import LookedUp
from tests.unit.agi import test_agi_effects
from tests.unit.agi.test_agi_effects import Caller

OUTAGE = LookedUp("known", {"id": "7", "prompt": "broadcast-water", "is_incident": "yes", "until_date": ""})


@pytest.fixture
def caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    monkeypatch.setattr(test_agi_effects, "FLOWS", read_flows(sorted(FLOWS.glob("*.yaml")))[0])
    caller = Caller(tmp_path)
    caller.call.script = "hotline-12345"
    return caller


def test_while_nothing_is_on_the_air_nobody_is_asked_about_it(caller: Caller) -> None:
    assert caller.play()["HL_ROUTE"] == "queue"

    assert caller.asked == []
    assert not caller.intake().is_settled


def test_who_follows_an_outage_is_let_go_and_has_got_what_he_called_for(caller: Caller) -> None:
    caller.card = CallerCard(has_broadcast=True)
    caller.told = {"broadcast": OUTAGE, "follow-broadcast": LookedUp("known")}

    assert caller.play("1")["HL_ROUTE"] == "hangup"

    assert caller.asked[1][1].arguments["broadcast"] == "7"
    assert caller.intake().is_settled


def test_an_outage_that_could_not_be_followed_leads_to_a_person(caller: Caller) -> None:
    caller.card = CallerCard(has_broadcast=True)
    caller.told = {"broadcast": OUTAGE}

    assert caller.play("1")["HL_ROUTE"] == "queue"

    assert not caller.intake().is_settled


def test_a_known_caller_s_agent_is_named_by_his_seat(caller: Caller) -> None:
    caller.card = CallerCard(is_known=True, last_agent="1001", last_agent_seat="8001")

    assert caller.play()["HL_AGENT_SEAT"] == "8001"


def test_an_agent_who_is_not_free_is_not_named(caller: Caller) -> None:
    caller.card = CallerCard(is_known=True, last_agent="1001")

    assert "HL_AGENT_SEAT" not in caller.play()


@pytest.mark.parametrize(
    ("flow", "keys", "is_failure"), [("system-failure", [], True), ("waiting", ["4", "1", "1"], False)]
)
def test_a_failure_of_ours_is_no_wish_of_the_caller(
    caller: Caller, flow: str, keys: list[str], is_failure: bool
) -> None:
    caller.call.script = flow

    caller.play(*keys)

    requested = [one for one in caller.payloads() if isinstance(one, CallbackRequested)]
    assert [one.is_failure for one in requested] == [is_failure]
