"""Who may steer whom, and what is shown of a pause."""

import pytest

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.accounts.rules import permissions_of_role
from app.calls.models import AgentStatus
from app.desk import rules
from app.platform.errors import NotAllowed
from app.platform.switch import REFUSALS, explain_refusal


def actor(name: str, role: Role) -> Actor:
    return Actor(name=name, role=role, permissions=permissions_of_role(role))


def test_an_agent_steers_himself() -> None:
    rules.check_may_steer(actor("1001", Role.AGENT), "1001")


def test_a_supervisor_steers_anybody() -> None:
    rules.check_may_steer(actor("9001", Role.SUPERVISOR), "1001")


@pytest.mark.parametrize("role", [Role.AGENT, Role.OPS, Role.UNIT_STAFF, Role.AUDITOR])
def test_nobody_else_steers_an_agent(role: Role) -> None:
    with pytest.raises(NotAllowed):
        rules.check_may_steer(actor("1002", role), "1001")


def test_a_pause_for_wrap_up_is_shown_as_wrap_up() -> None:
    assert rules.shown_status(AgentStatus.PAUSED, "wrap_up") is AgentStatus.WRAP_UP
    assert rules.shown_status(AgentStatus.PAUSED, "meal") is AgentStatus.PAUSED


@pytest.mark.parametrize("status", list(AgentStatus))
def test_every_other_state_is_shown_as_it_is(status: AgentStatus) -> None:
    assert rules.shown_status(status, "meal") is status


def test_wrap_up_is_a_reason_that_nobody_picks() -> None:
    assert rules.chosen_reasons({"rest": "小休", "wrap_up": "话后整理"}) == {"rest": "小休"}


@pytest.mark.parametrize(("words", "sentence"), REFUSALS)
def test_a_known_refusal_becomes_a_sentence_an_agent_can_act_on(words: str, sentence: str) -> None:
    assert explain_refusal(f"Unable to do it: {words.upper()}") == sentence


def test_an_unknown_refusal_is_shown_with_the_words_of_the_switch() -> None:
    assert "Device melted" in explain_refusal("Device melted")
