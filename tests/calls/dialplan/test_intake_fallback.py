"""Whatever an AGI server does, the caller reaches the queue; here nobody is signed in, so he is told and let go."""

from contextlib import ExitStack

import pytest

from tests.calls.dialplan.agi_script import DIE, HANG, AgiScript
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.sip_phone import SipPhone

pytestmark = pytest.mark.calls

STARTED = "SET VARIABLE HL_STARTED 1"
NOTICE = "SET VARIABLE HL_NOTICE_PLAYED 1"
DONE = "SET VARIABLE HL_DONE 1"


def routed(queue: str) -> list[str]:
    return [STARTED, NOTICE, "SET VARIABLE HL_ROUTE queue", f'SET VARIABLE HL_QUEUE "{queue}"', DONE]


SCRIPTS = {
    "does its work": (routed("consumer"), "consumer"),
    "names no queue": (routed(""), "common"),
    "names an unknown queue": (routed("nowhere"), "common"),
    "names what is no queue": (routed("common,1)${SHELL(id)}"), "common"),
    "misses a prompt": ([STARTED, 'STREAM FILE "hotline/nowhere" ""', *routed("consumer")], "consumer"),
    "dies at once": ([DIE], "common"),
    "dies after it started": ([STARTED, DIE], "common"),
    "dies just before it is done": (routed("consumer")[:-1], "common"),
    "hangs": ([HANG], "common"),
    "hangs after the notice": ([STARTED, NOTICE, HANG], "common"),
    "gives up": (["failure"], "common"),
}


@pytest.mark.parametrize("case", SCRIPTS.values(), ids=SCRIPTS)
def test_a_caller_reaches_the_queue_although_agi(case: tuple[list[str], str], node: AsteriskNode) -> None:
    script, queue = case
    with ExitStack() as stack:
        for address in node.settings.agi_addresses:
            stack.enter_context(AgiScript(int(address.rpartition(":")[2]), script))
        phone = stack.enter_context(SipPhone(node.settings.sip_port))
        assert phone.invite("12345", b"<sip:13812345678@c>") == 200
        phone.wait_for_goodbye()

    assert node.queue_log("HLLEFT", node.last_call_id()) == [[queue, "JOINEMPTY"]]


def test_a_caller_reaches_the_queue_although_no_agi_server_is_up(node: AsteriskNode) -> None:
    with SipPhone(node.settings.sip_port) as phone:
        assert phone.invite("12345", b"<sip:13812345678@c>") == 200
        phone.wait_for_goodbye()

    call_id = node.last_call_id()
    assert node.queue_log("HLLEFT", call_id) == [["common", "JOINEMPTY"]]
    assert [row[:3] for row in node.queue_log("HLENDED", call_id)] == [["after_queue", "common", ""]]


@pytest.mark.parametrize("up", [0, 1])
def test_one_agi_server_of_two_is_enough(up: int, node: AsteriskNode) -> None:
    port = int(node.settings.agi_addresses[up].rpartition(":")[2])
    with AgiScript(port, routed("consumer")) as server, SipPhone(node.settings.sip_port) as phone:
        assert phone.invite("12345", b"<sip:138@c>") == 200
        phone.wait_for_goodbye()

    assert server.calls == 1
    assert node.queue_log("HLLEFT", node.last_call_id()) == [["consumer", "JOINEMPTY"]]


def test_a_server_that_died_after_it_greeted_is_not_followed_by_another(node: AsteriskNode) -> None:
    ports = [int(address.rpartition(":")[2]) for address in node.settings.agi_addresses]
    with AgiScript(ports[0], [STARTED, DIE]) as one, AgiScript(ports[1], [STARTED, DIE]) as other:
        with SipPhone(node.settings.sip_port) as phone:
            phone.invite("12345", b"<sip:138@c>")
            phone.wait_for_goodbye()

        assert one.calls + other.calls == 1


def test_a_caller_who_hangs_up_during_the_greeting_ends_in_that_stage(node: AsteriskNode) -> None:
    port = int(node.settings.agi_addresses[0].rpartition(":")[2])
    with AgiScript(port, [STARTED, HANG]), SipPhone(node.settings.sip_port) as phone:
        phone.invite("12345", b"<sip:138@c>")
        phone.hang_up()

    node.wait_until_idle()
    assert node.queue_log("HLENDED", node.last_call_id()) == [["greeting", "", "", "", "16"]]
