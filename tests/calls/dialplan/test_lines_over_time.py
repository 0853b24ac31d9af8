"""Modes that change at midnight with no reload, numbers given up, test calls, and what agents and citizens hear."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.calls.dialplan.agi_script import AgiScript
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.line_cast import agent_at, conversation
from tests.calls.dialplan.sip_answerer import ANSWER, RING
from tests.calls.dialplan.sip_phone import SipPhone

pytestmark = pytest.mark.calls

MIDNIGHT = datetime(2036, 9, 30, 16, tzinfo=UTC)
"""00:00 of 2036-10-01 in Shanghai, when the plan of the tests changes 12329 and 12333."""

TO_CONSUMERS = ["SET VARIABLE HL_STARTED 1", "SET VARIABLE HL_QUEUE consumer", "SET VARIABLE HL_DONE 1"]


@contextmanager
def rehearsal(node: AsteriskNode, seconds_after_midnight: int) -> Iterator[None]:
    """A day to come, as the ops engineer rehearses it."""
    offset = int(MIDNIGHT.timestamp() - datetime.now(UTC).timestamp()) + seconds_after_midnight
    node.cli(f"dialplan set global HL_CLOCK_OFFSET_SECONDS {offset}")
    try:
        yield
    finally:
        node.cli("dialplan set global HL_CLOCK_OFFSET_SECONDS 0")


def mode_of(node: AsteriskNode, dialled: str, address: str = "127.0.0.2") -> str:
    with SipPhone(node.settings.sip_port, address=address) as phone:
        assert phone.invite(dialled) == 200
        phone.hang_up()
    node.wait_until_idle()
    return node.queue_log("HLARRIVED", node.last_call_id())[0][6]


@pytest.mark.parametrize(
    ("line", "seconds", "mode"),
    [
        ("12329", -60, "dual_number"),
        ("12329", 60, "direct_merge"),
        ("12333", -60, "forward"),
        ("12333", 60, "direct_merge"),
        ("12333", 86_400 * 400, "direct_merge"),
        ("12315", -86_400 * 365 * 60, "forward"),  # before the first period, the first one holds
    ],
)
def test_the_clock_alone_decides_the_mode(line: str, seconds: int, mode: str, node: AsteriskNode) -> None:
    with rehearsal(node, seconds):
        assert mode_of(node, line) == mode


def test_an_alias_holds_from_its_first_day_on(node: AsteriskNode) -> None:
    diversion = "Diversion: <sip:12358@h>"
    offset = int(datetime(2019, 3, 31, 15, 59, tzinfo=UTC).timestamp() - MIDNIGHT.timestamp())
    with rehearsal(node, offset), SipPhone(node.settings.sip_port, address="127.0.0.5") as phone:
        assert phone.invite("12345", b"<sip:138@c>", diversion) == 200
        phone.hang_up()

    assert node.queue_log("HLARRIVED", node.last_call_id())[0][4:6] == ["12345", "main"]


@pytest.mark.parametrize("offset", ["abc", "1 day", "${SHELL(id)}", "9" * 30, "--5"])
def test_a_clock_that_is_set_wrong_does_not_stop_calls(offset: str, node: AsteriskNode) -> None:
    node.cli(f'dialplan set global HL_CLOCK_OFFSET_SECONDS "{offset}"')
    try:
        assert mode_of(node, "12329") == "dual_number"
    finally:
        node.cli("dialplan set global HL_CLOCK_OFFSET_SECONDS 0")


def test_a_number_given_up_says_so_and_leads_to_the_main_queue(node: AsteriskNode) -> None:
    node.listen()
    with (
        AgiScript(agi_port(node), TO_CONSUMERS),
        agent_at(node, "8001", ANSWER),
        SipPhone(node.settings.sip_port) as citizen,
    ):
        with conversation(node):
            assert citizen.invite("12312") == 200
        citizen.hang_up()
        node.wait_until_idle()

    assert node.queue_log("HLENDED", node.last_call_id())[0][:3] == ["queue", "common", "1001"]
    assert "intercept-12312" in node.heard("PJSIP/carrier")


def test_the_agent_hears_which_line_it_is_before_the_caller(node: AsteriskNode) -> None:
    node.listen()
    before = node.heard("PJSIP/8001")
    with agent_at(node, "8001", ANSWER), SipPhone(node.settings.sip_port) as citizen:
        with conversation(node):
            citizen.invite("12319")
        citizen.hang_up()
        node.wait_until_idle()
        with conversation(node):
            citizen.call_id, citizen.to = citizen.call_id + "x", ""
            citizen.invite("12345")
        citizen.hang_up()
        node.wait_until_idle()

    assert node.heard("PJSIP/8001")[len(before) :] == ["whisper-12319"]  # and nothing for 12345 itself


def test_an_agent_who_hangs_up_during_the_whisper_does_not_lose_the_caller(node: AsteriskNode) -> None:
    with agent_at(node, "8001", ANSWER) as agent, SipPhone(node.settings.sip_port) as citizen:
        with conversation(node):
            citizen.invite("12319")
            agent.wait_for()
            agent.hang_up()
            agent.wait_for(2)
        citizen.hang_up()
        node.wait_until_idle()

    assert node.queue_log("HLENDED", node.last_call_id())[0][2] == "1001"


@pytest.mark.parametrize("dialled", ["12345", "12319", "12328", "12333", "12312"])
def test_a_test_call_hears_the_greeting_and_troubles_nobody(dialled: str, node: AsteriskNode) -> None:
    with (
        agent_at(node, "8001", RING) as agent,
        SipPhone(node.settings.sip_port, address="127.0.0.7") as probe,
    ):
        assert probe.invite(dialled) == 200
        probe.wait_for_goodbye()
        node.wait_until_idle()

    assert agent.invites == []
    assert node.queue_log("HLARRIVED", node.last_call_id())[0][:2] == ["probe", dialled]
    assert node.queue_log("HLENDED", node.last_call_id())[0][:2] in (["greeting", ""], ["greeting", "common"])


@pytest.mark.parametrize("number", ["110", "119", "120", "122", "8001", "0037512345", "12345678"])
def test_what_the_plan_does_not_name_cannot_be_dialled_from_outside(number: str, node: AsteriskNode) -> None:
    for address in ("127.0.0.2", "127.0.0.6", "127.0.0.7"):
        with SipPhone(node.settings.sip_port, address=address) as phone:
            assert phone.invite(number) == 404


def agi_port(node: AsteriskNode) -> int:
    return int(node.settings.agi_addresses[0].rpartition(":")[2])
