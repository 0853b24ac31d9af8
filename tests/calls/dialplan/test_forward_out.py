"""A line whose calls we send on: the department rings, and whatever goes wrong there ends in our queue."""

import time
from contextlib import nullcontext

import pytest

from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.line_cast import agent_at, conversation, exchange
from tests.calls.dialplan.sip_answerer import ANSWER, BUSY, REJECT, RING, UNAVAILABLE, header, until
from tests.calls.dialplan.sip_phone import SipPhone

pytestmark = pytest.mark.calls

CITIZEN = b'"x" <sip:13800000333@c>'


def forwarded(node: AsteriskNode) -> list[list[str]]:
    """line, trunk, result, parallel of each leg of the newest call."""
    return [[*row[:3], row[5]] for row in node.queue_log("HLFORWARDED", node.last_call_id())]


def test_the_department_answers_and_sees_who_calls_and_who_sent_the_call(node: AsteriskNode) -> None:
    with exchange(node, "labour", ANSWER) as labour, SipPhone(node.settings.sip_port) as citizen:
        assert citizen.invite("12333", CITIZEN) == 200
        invite = labour.wait_for()
        until(lambda: node.cli("core show channels concise").count("!Up!") == 2, "the conversation")
        time.sleep(0.5)  # the talk that is measured
        labour.hang_up()
        citizen.wait_for_goodbye()
        node.wait_until_idle()

    assert invite.startswith(f"INVITE sip:12333@127.0.0.8:{node.departments_port} ")
    assert "13800000333" in header(invite, "From")
    assert "13800000333" in header(invite, "P-Asserted-Identity")
    assert "12345" in header(invite, "Diversion")
    assert header(invite, "X-12345-Hop") == "1"
    assert header(invite, "X-12345-Call-Id") == node.last_call_id()
    assert forwarded(node) == [["12333", "labour", "answered", "0"]]
    assert node.queue_log("HLENDED", node.last_call_id())[0][0] == "department"
    [[_, _, _, ring_ms, talk_ms, _]] = node.queue_log("HLFORWARDED", node.last_call_id())
    assert 0 <= int(ring_ms) < 500 <= int(talk_ms) < 5000


@pytest.mark.parametrize(
    ("behaviour", "result"),
    [(BUSY, "busy"), (REJECT, "rejected"), (RING, "no_answer"), (UNAVAILABLE, "trunk_down")],
)
def test_a_caller_comes_to_our_queue_when_the_department(behaviour: str, result: str, node: AsteriskNode) -> None:
    with (
        exchange(node, "labour", behaviour) as labour,
        agent_at(node, "8001", ANSWER) as agent,
        SipPhone(node.settings.sip_port) as citizen,
    ):
        with conversation(node):
            citizen.invite("12333", CITIZEN)
        assert len(labour.invites) == len(agent.invites) == 1
        citizen.hang_up()
        node.wait_until_idle()

    assert forwarded(node) == [["12333", "labour", result, "0"]]
    stage, queue, member, _, cause = node.queue_log("HLENDED", node.last_call_id())[0]
    assert (stage, queue, member, cause) == ("queue", "common", "1001", "16")


def test_a_trunk_that_is_down_costs_no_time(node: AsteriskNode) -> None:
    with agent_at(node, "8001", ANSWER), SipPhone(node.settings.sip_port) as citizen:
        with conversation(node):
            citizen.invite("12333", CITIZEN)
        citizen.hang_up()
        node.wait_until_idle()

    assert forwarded(node) == [["12333", "labour", "trunk_down", "0"]]


def test_who_comes_back_from_a_department_is_before_those_who_wait(node: AsteriskNode) -> None:
    with (
        agent_at(node, "8001", BUSY),
        SipPhone(node.settings.sip_port) as waiting,
        SipPhone(node.settings.sip_port) as returning,
    ):
        waiting.invite("12345", CITIZEN)
        until(lambda: "1. PJSIP/carrier" in node.cli("queue show common"), "the first caller")
        returning.invite("12333", CITIZEN)
        until(lambda: "2. PJSIP/carrier" in node.cli("queue show common"), "the second caller")
        lines = node.cli("queue show common").splitlines()
        first, second = (int(line.rpartition("prio: ")[2].strip(" )")) for line in lines if "prio: " in line)
        waiting.hang_up()
        returning.hang_up()
        node.wait_until_idle()

    assert first - second > 9 * 86_400, "ten days before all who wait"


def test_a_caller_who_hangs_up_while_the_department_rings_is_told(node: AsteriskNode) -> None:
    with exchange(node, "labour", RING) as labour, SipPhone(node.settings.sip_port) as citizen:
        citizen.invite("12333", CITIZEN)
        labour.wait_for()
        citizen.hang_up()
        until(lambda: labour.cancelled == 1, "the CANCEL")
        node.wait_until_idle()

    assert forwarded(node) == [["12333", "labour", "caller_gone", "0"]]
    assert node.queue_log("HLENDED", node.last_call_id())[0][0] == "forward"


def test_a_call_from_the_department_is_not_sent_back_to_it(node: AsteriskNode) -> None:
    with (
        exchange(node, "labour", ANSWER) as labour,
        agent_at(node, "8001", ANSWER),
        SipPhone(node.settings.sip_port, address="127.0.0.8") as citizen,
    ):
        with conversation(node):
            citizen.invite("12345", CITIZEN, "Diversion: <sip:12333@labour>;reason=unconditional")
        citizen.hang_up()
        node.wait_until_idle()

    assert labour.invites == []
    assert forwarded(node) == [["12333", "labour", "loop", "0"]]


@pytest.mark.parametrize(
    ("keeps_our_headers", "called_from", "returns_as"),
    [
        (True, "13800000333", "13800000333"),
        (False, "13800000333", "13800000333"),
        (False, "13800000333", "+8613800000333"),
        (False, "13800000333", "013800000333"),
        (False, "+8613800000333", "13800000333"),
        (False, "03752345678", "+863752345678"),
    ],
)
def test_a_department_that_forwards_back_makes_no_second_call(
    keeps_our_headers: bool, called_from: str, returns_as: str, node: AsteriskNode
) -> None:
    with (
        exchange(node, "labour", RING) as labour,
        agent_at(node, "8001", ANSWER) as agent,
        SipPhone(node.settings.sip_port) as citizen,
        SipPhone(node.settings.sip_port, address="127.0.0.8") as back,
    ):
        citizen.invite("12333", f"<sip:{called_from}@c>".encode())
        invite = labour.wait_for()
        first = node.last_call_id()
        headers = ["Diversion: <sip:12333@labour>;reason=no-answer"]
        if keeps_our_headers:
            headers += [f"{name}: {header(invite, name)}" for name in ("X-12345-Hop", "X-12345-Call-Id")]
        with conversation(node):
            back.invite("12345", f"<sip:{returns_as}@c>".encode(), *headers)
            labour.answer_now()
        agent.hang_up()
        back.wait_for_goodbye()
        labour.hang_up()
        citizen.wait_for_goodbye()
        node.wait_until_idle()

    assert node.last_call_id() == first  # the second INVITE was no arrival
    assert node.queue_log("HLLEG")[-1] == [first]
    assert forwarded(node) == [["12333", "labour", "loop", "0"], ["12333", "labour", "answered", "0"]]


def test_another_citizen_of_the_same_switchboard_has_a_call_of_his_own_while_the_first_talks(
    node: AsteriskNode,
) -> None:
    with (
        exchange(node, "labour", ANSWER) as labour,
        SipPhone(node.settings.sip_port) as citizen,
        SipPhone(node.settings.sip_port, address="127.0.0.5") as other,
    ):
        citizen.invite("12333", CITIZEN)
        labour.wait_for()
        until(lambda: node.cli("core show channels concise").count("!Up!") == 2, "the conversation")
        until(lambda: "0 results" in node.cli("database show hotline-out"), "no call that rings")
        first = node.last_call_id()
        assert other.invite("12345", CITIZEN, "Diversion: <sip:12333@x>") == 200
        second = node.last_call_id()
        other.hang_up()
        labour.hang_up()
        citizen.wait_for_goodbye()
        node.wait_until_idle()

    assert second != first
    assert node.queue_log("HLARRIVED", second)[0][4] == "12333"


def test_a_call_of_another_line_is_not_taken_for_the_one_that_rings(node: AsteriskNode) -> None:
    with (
        exchange(node, "labour", RING) as labour,
        SipPhone(node.settings.sip_port) as citizen,
        SipPhone(node.settings.sip_port, address="127.0.0.5") as other,
    ):
        citizen.invite("12333", CITIZEN)
        labour.wait_for()
        first = node.last_call_id()
        assert other.invite("12345", CITIZEN, "Diversion: <sip:12369@x>") == 200
        second = node.last_call_id()
        other.hang_up()
        citizen.hang_up()
        node.wait_until_idle()

    assert second != first
    assert node.queue_log("HLARRIVED", second)[0][4] == "12369"


@pytest.mark.parametrize(
    ("is_up", "heard"), [(True, ["forwarding", "forward-failed"]), (False, ["forward-failed"])], ids=["up", "down"]
)
def test_nobody_is_told_of_a_transfer_that_cannot_be(is_up: bool, heard: list[str], node: AsteriskNode) -> None:
    node.listen()
    before = len(node.heard("PJSIP/carrier"))
    with (
        exchange(node, "labour", BUSY) if is_up else nullcontext(),
        agent_at(node, "8001", ANSWER),
        SipPhone(node.settings.sip_port) as citizen,
    ):
        with conversation(node):
            citizen.invite("12333", CITIZEN)
        citizen.hang_up()
        node.wait_until_idle()

    assert [name for name in node.heard("PJSIP/carrier")[before:] if name.startswith("forward")] == heard


@pytest.mark.parametrize("address", ["127.0.0.2", "127.0.0.8"], ids=["by the public network", "on its own trunk"])
def test_an_exchange_that_answers_and_sends_the_caller_back_without_a_word_gets_no_second_call(
    address: str, node: AsteriskNode
) -> None:
    """It drops every header of ours, and Diversion too. The caller reaches our queue, after one hop."""
    with (
        exchange(node, "labour", ANSWER) as labour,
        agent_at(node, "8001", ANSWER),
        SipPhone(node.settings.sip_port) as citizen,
        SipPhone(node.settings.sip_port, address=address) as sent_back,
    ):
        citizen.invite("12333", CITIZEN)
        until(lambda: node.cli("core show channels concise").count("!Up!") == 2, "the department talks")
        with conversation(node):
            sent_back.invite("12333" if address == "127.0.0.2" else "12345", b'"x" <sip:+8613800000333@c>')
        assert len(labour.invites) == 1
        sent_back.hang_up()
        citizen.hang_up()
        node.wait_until_idle()

    assert forwarded(node) == [["12333", "labour", "loop", "0"]]
    with SipPhone(node.settings.sip_port) as again, exchange(node, "labour", BUSY) as labour:
        again.invite("12333", CITIZEN)  # once the talk is over, the line is rung as ever
        labour.wait_for()
        again.hang_up()
        node.wait_until_idle()
