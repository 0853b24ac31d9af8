"""A line whose own people and our agents may both answer: exactly one does, and the record says who."""

import time
from collections.abc import Iterator

import pytest

from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.line_cast import agent_at, changed_dialplan, conversation, exchange, phone_at
from tests.calls.dialplan.sip_answerer import ANSWER, BUSY, RING, SipAnswerer, header, until
from tests.calls.dialplan.sip_phone import SipPhone

pytestmark = pytest.mark.calls

CITIZEN = b'"x" <sip:13800000328@c>'


class Both:
    """A department's exchange and our agent, both ringing for a citizen of 12328."""

    def __init__(self, node: AsteriskNode, transport: SipAnswerer, agent: SipAnswerer, citizen: SipPhone) -> None:
        self._node, self.transport, self.agent, self.citizen = node, transport, agent, citizen

    def hang_up(self) -> None:
        """The citizen ends it; nothing is left on the line."""
        self.citizen.hang_up()
        self._node.wait_until_idle()


@pytest.fixture
def both(node: AsteriskNode) -> Iterator[Both]:
    with (
        exchange(node, "transport", RING) as transport,
        agent_at(node, "8001", RING) as agent,
        SipPhone(node.settings.sip_port) as citizen,
    ):
        citizen.invite("12328", CITIZEN)
        agent.wait_for()
        transport.wait_for()
        yield Both(node, transport, agent, citizen)


def legs(node: AsteriskNode) -> list[list[str]]:
    """line, trunk, result, parallel of each department's leg of the newest call."""
    return [[*row[:3], row[5]] for row in node.queue_log("HLFORWARDED", node.last_call_id())]


def ended(node: AsteriskNode) -> list[str]:
    """stage, queue, member of the newest call's end."""
    return node.queue_log("HLENDED", node.last_call_id())[0][:3]


def test_the_department_answers_first_and_our_agent_stops_ringing(node: AsteriskNode, both: Both) -> None:
    both.transport.answer_now()
    until(lambda: both.agent.cancelled == 1, "the agent's phone to stop")
    both.citizen.hang_up()
    until(lambda: both.transport.ended == 1, "the end of the conversation")
    node.wait_until_idle()

    assert legs(node) == [["12328", "transport", "answered", "1"]]
    assert ended(node) == ["department", "common", ""]


@pytest.mark.parametrize("talk_seconds", [0, 0.001, 0.004])
def test_a_department_that_answers_and_hangs_up_at_once_has_answered(
    talk_seconds: float, node: AsteriskNode, both: Both
) -> None:
    """Its leg may be gone before the dialplan's steps for whoever answers have run on it."""
    both.transport.answer_now()
    time.sleep(talk_seconds)
    both.transport.hang_up()
    both.citizen.wait_for_goodbye()
    node.wait_until_idle()

    assert legs(node) == [["12328", "transport", "answered", "1"]]
    assert ended(node) == ["department", "common", ""]


def test_our_agent_answers_first_and_the_department_stops_ringing(node: AsteriskNode, both: Both) -> None:
    with conversation(node):
        both.agent.answer_now()
    until(lambda: both.transport.cancelled == 1, "the department to stop")
    both.citizen.hang_up()
    until(lambda: both.agent.ended == 1, "the end of the conversation")
    node.wait_until_idle()

    assert "13800000328" in header(both.agent.invites[-1], "From")
    assert legs(node) == [["12328", "transport", "elsewhere", "1"]]
    assert ended(node) == ["queue", "common", "1001"]


@pytest.mark.parametrize("lead_seconds", [-0.1, 0, 0.25, 0.3, 0.35, 0.5])
def test_two_who_answer_at_once_make_one_conversation(lead_seconds: float, node: AsteriskNode, both: Both) -> None:
    """The agent hears a whisper of 0.3 s before he is through: around then it is a matter of milliseconds."""
    agent, transport = both.agent, both.transport
    for who in (agent, transport) if lead_seconds >= 0 else (transport, agent):
        who.answer_now()
        time.sleep(abs(lead_seconds))
    until(lambda: transport.ended + transport.cancelled + agent.ended + agent.cancelled >= 1, "the loser's end")
    both.hang_up()

    [leg] = legs(node)
    stage, _, member = ended(node)
    assert (stage, bool(member)) in ((("department", False)), ("department", True), ("queue", True))
    assert (leg[2] == "answered") == (stage == "department")


def test_the_department_stops_ringing_after_its_time_while_our_queue_goes_on(node: AsteriskNode) -> None:
    with (
        exchange(node, "transport", RING) as transport,
        agent_at(node, "8001", BUSY),
        SipPhone(node.settings.sip_port) as citizen,
    ):
        citizen.invite("12328", CITIZEN)
        transport.wait_for()
        until(lambda: transport.cancelled == 1, "the ring time's end")
        assert "1. Local/common@half" in node.cli("queue show common")
        citizen.hang_up()
        node.wait_until_idle()

    assert legs(node) == [["12328", "transport", "caller_gone", "1"]]
    assert ended(node) == ["queue", "common", ""]


def test_a_busy_department_leaves_the_call_to_us(node: AsteriskNode) -> None:
    with (
        exchange(node, "transport", BUSY),
        agent_at(node, "8001", ANSWER),
        SipPhone(node.settings.sip_port) as citizen,
    ):
        with conversation(node):
            citizen.invite("12328", CITIZEN)
        citizen.hang_up()
        node.wait_until_idle()

    assert legs(node) == [["12328", "transport", "busy", "1"]]
    assert ended(node) == ["queue", "common", "1001"]


def test_a_department_that_is_down_leaves_the_call_to_us(node: AsteriskNode) -> None:
    with agent_at(node, "8001", ANSWER), SipPhone(node.settings.sip_port) as citizen:
        with conversation(node):
            citizen.invite("12328", CITIZEN)
        citizen.hang_up()
        node.wait_until_idle()

    assert legs(node) == [["12328", "transport", "trunk_down", "1"]]


def test_nobody_on_either_side_ends_with_a_word_and_on_the_list_of_missed_calls(node: AsteriskNode) -> None:
    with exchange(node, "transport", RING), SipPhone(node.settings.sip_port) as citizen:
        citizen.invite("12328", CITIZEN)
        citizen.wait_for_goodbye()
        node.wait_until_idle()

    assert legs(node) == [["12328", "transport", "no_answer", "1"]]
    assert node.queue_log("HLLEFT", node.last_call_id()) == [["common", "JOINEMPTY"]]
    assert ended(node) == ["after_queue", "common", ""]


def test_a_department_that_forwards_its_leg_back_is_told_that_we_are_busy(node: AsteriskNode, both: Both) -> None:
    invite, first = both.transport.invites[-1], node.last_call_id()
    headers = [f"{name}: {header(invite, name)}" for name in ("X-12345-Hop", "X-12345-Call-Id")]
    with SipPhone(node.settings.sip_port, address="127.0.0.5") as back:
        assert back.invite("12345", CITIZEN, "Diversion: <sip:12328@t>", *headers) == 486
        both.hang_up()

    assert node.last_call_id() == first
    assert len(both.agent.invites) == 1
    assert legs(node)[0] == ["12328", "transport", "loop", "1"]


def test_own_people_are_rung_first_and_then_we(node: AsteriskNode) -> None:
    with (
        phone_at(node, "8010", RING) as own,
        agent_at(node, "8001", ANSWER),
        SipPhone(node.settings.sip_port) as citizen,
    ):
        with conversation(node):
            citizen.invite("12369", CITIZEN)
        assert own.cancelled == 1
        citizen.hang_up()
        node.wait_until_idle()

    assert legs(node) == [["12369", "", "no_answer", "1"]]
    assert ended(node) == ["queue", "common", "1001"]


def test_own_people_who_answer_keep_the_call(node: AsteriskNode) -> None:
    with (
        phone_at(node, "8010", ANSWER) as own,
        agent_at(node, "8001", ANSWER) as agent,
        SipPhone(node.settings.sip_port) as citizen,
    ):
        citizen.invite("12369", CITIZEN)
        own.wait_for()
        until(lambda: node.cli("core show channels concise").count("!Up!") >= 2, "the conversation")
        own.hang_up()
        citizen.wait_for_goodbye()
        node.wait_until_idle()

    assert agent.invites == []
    assert legs(node) == [["12369", "", "answered", "1"]]
    assert ended(node)[0] == "department"


def test_we_are_rung_first_then_own_people_then_we_again(node: AsteriskNode) -> None:
    with (
        phone_at(node, "8009", RING) as own,
        agent_at(node, "8001", RING) as agent,
        SipPhone(node.settings.sip_port) as citizen,
    ):
        citizen.invite("12348", CITIZEN)
        agent.wait_for()
        own.wait_for(seconds=15)
        assert agent.cancelled == 1
        agent.behaviour = ANSWER
        with conversation(node):
            pass
        citizen.hang_up()
        node.wait_until_idle()

    assert legs(node) == [["12348", "", "no_answer", "1"]]
    assert node.queue_log("HLLEFT", node.last_call_id()) == []
    assert ended(node) == ["queue", "common", "1001"]


def test_own_people_take_no_place_on_the_department_s_trunk(node: AsteriskNode) -> None:
    with (
        changed_dialplan(node, "HL_DIAL=PJSIP/12328@transport", "HL_DIAL=PJSIP/12328@transport&PJSIP/8009"),
        exchange(node, "transport", RING) as transport,
        phone_at(node, "8009", RING) as own,
        SipPhone(node.settings.sip_port) as citizen,
    ):
        citizen.invite("12328", CITIZEN)
        transport.wait_for()
        own.wait_for()
        groups = [line.split() for line in node.cli("group show channels").splitlines()]
        citizen.hang_up()
        node.wait_until_idle()

    assert [row[0].split("-")[0] for row in groups if row[1:3] == ["transport", "trunk"]] == ["PJSIP/transport"]


def test_our_agent_s_answer_ends_the_ringing_out_too(node: AsteriskNode, both: Both) -> None:
    assert "1 results" in node.cli("database show hotline-out")

    with conversation(node):
        both.agent.answer_now()

    until(lambda: "0 results" in node.cli("database show hotline-out"), "no call that rings")
    both.hang_up()
