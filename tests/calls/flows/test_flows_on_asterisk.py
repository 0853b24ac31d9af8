"""Flows played on a real Asterisk, to callers who key, speak and hang up."""

import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.contract.events import CallbackRequested, CallRated, IntakeRecorded, MessageLeft
from ivr_flows.model import LookedUp
from ivr_flows.published import PublishedFlows
from ivr_flows.versions import FlowStore
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.line_cast import ADDRESSES, exchange
from tests.calls.dialplan.sip_answerer import ANSWER, BUSY, until
from tests.calls.dialplan.sip_phone import SipPhone
from tests.calls.flows.flow_server import FlowServer

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]

ADDRESSES["psap"] = "127.0.0.6"
CITIZEN = b"<sip:13800000777@c>"


@contextmanager
def calling(node: AsteriskNode) -> Iterator[SipPhone]:
    """A caller whom the flow greets."""
    with SipPhone(node.settings.sip_port) as phone:
        assert phone.invite("12345", CITIZEN) == 200
        yield phone


class Ears:
    """What the caller has heard since now."""

    def __init__(self, node: AsteriskNode) -> None:
        self.node, self.before = node, len(node.heard("PJSIP/carrier"))

    def heard(self) -> list[str]:
        return self.node.heard("PJSIP/carrier")[self.before :]

    def wait_for(self, prompt: str, times: int = 1) -> None:
        until(lambda: self.heard().count(prompt) >= times, f"{prompt} is played", 20)


@pytest.fixture
def ears(flow_node: AsteriskNode, server: FlowServer) -> Ears:
    return Ears(flow_node)


def finished(server: FlowServer) -> IntakeRecorded:
    until(lambda: bool(server.intakes()), "the flow ends", 40)
    return server.intakes()[0]


def way(intake: IntakeRecorded) -> list[tuple[str, str]]:
    return [(visit.node, visit.left_by) for visit in intake.path][7:]


def speak(phone: SipPhone, seconds: float) -> None:
    """Some sound."""
    send_sound(phone, bytes([0x2A, 0xAA]) * int(seconds * 4000))


def sound_of_8() -> bytes:
    """The two tones of the key 8, in A-law, with silence around."""
    tones = ("synth", "0.3", "sine", "852", "synth", "0.3", "sine", "mix", "1336", "gain", "-6", "pad", "0.3", "0.3")
    command = ["sox", "-n", "-t", "al", "-r", "8000", "-c", "1", "-", *tones]
    return subprocess.run(command, check=True, capture_output=True).stdout


def send_sound(phone: SipPhone, sound: bytes) -> None:
    """A-law, 20 ms a packet."""
    port = int(phone.answer.partition("m=audio ")[2].split()[0])
    started = time.monotonic()
    for number in range(len(sound) // 160):
        packet = struct.pack("!BBHII", 0x80, 8, number, number * 160, 77) + sound[number * 160 : number * 160 + 160]
        phone.media.sendto(packet, (phone.server[0], port))
        time.sleep(max(0.0, started + number * 0.02 - time.monotonic()))


def test_a_key_during_speech_is_taken_and_ends_it(flow_node: AsteriskNode, server: FlowServer, ears: Ears) -> None:
    with calling(flow_node) as phone:
        ears.wait_for("menu")
        phone.press("8")
        phone.wait_for_goodbye()

    assert way(finished(server)) == [("menu", "keys.8"), ("goodbye", "")]
    assert ears.heard() == ["greeting", "menu"]


def test_a_key_that_only_sounds_is_heard(flow_node: AsteriskNode, server: FlowServer, ears: Ears) -> None:
    with SipPhone(flow_node.settings.sip_port) as phone:
        phone.has_events = False
        assert phone.invite("12345", CITIZEN) == 200
        ears.wait_for("menu")
        send_sound(phone, sound_of_8())
        phone.wait_for_goodbye()

    assert way(finished(server)) == [("menu", "keys.8"), ("goodbye", "")]


def test_star_and_hash_are_keys_like_others(flow_node: AsteriskNode, server: FlowServer, ears: Ears) -> None:
    with calling(flow_node) as phone:
        ears.wait_for("menu")
        phone.press("*")
        ears.wait_for("menu", 2)
        phone.press("#")
        intake = finished(server)

    assert way(intake) == [("menu", "keys.*"), ("again", "again"), ("menu", "keys.#"), ("person", "")]
    assert intake.queue == "common"


def test_silence_is_asked_again_and_reaches_a_person(flow_node: AsteriskNode, server: FlowServer, ears: Ears) -> None:
    """It takes longer than the dialplan's two seconds for a server that hangs: one that lives is not cut."""
    with calling(flow_node):
        intake = finished(server)

    assert (way(intake), intake.route) == ([("menu", "silence"), ("person", "")], "queue")
    assert ears.heard()[:4] == ["greeting", "menu", "say-0", "menu-again"]


def test_thirty_digits_where_eight_are_asked_for_lead_on(
    flow_node: AsteriskNode, server: FlowServer, ears: Ears
) -> None:
    with calling(flow_node) as phone:
        ears.wait_for("menu")
        phone.press("1")
        ears.wait_for("ask-code")
        for key in "123456789012345678901234567890":
            phone.press(key)
        intake = finished(server)

    assert (intake.answers["code"], way(intake)[-2:]) == ("12345678", [("progress", "failed"), ("person", "")])


def test_a_code_ended_with_hash_is_looked_up_and_told(flow_node: AsteriskNode, server: FlowServer, ears: Ears) -> None:
    server.told["progress"] = LookedUp("known", {"status": "night-notice"})
    with calling(flow_node) as phone:
        ears.wait_for("menu")
        phone.press("1")
        ears.wait_for("ask-code")
        for key in "123#":
            phone.press(key)
        ears.wait_for("ask-code", 2)
        for key in "87654321":
            phone.press(key)
        intake = finished(server)

    assert (intake.answers["code"], way(intake)[-2:]) == ("87654321", [("tell", "next"), ("person", "")])
    assert "night-notice" in ears.heard()


def test_a_message_is_written_and_told(flow_node: AsteriskNode, server: FlowServer, ears: Ears) -> None:
    with calling(flow_node) as phone:
        ears.wait_for("menu")
        phone.press("2")
        ears.wait_for("beep")
        speak(phone, 3)
        phone.press("#")
        phone.wait_for_goodbye()

    (left,) = [event.payload for event in server.events if isinstance(event.payload, MessageLeft)]
    file = flow_node.home / "recordings" / left.file
    assert 2 <= left.seconds <= 4
    assert file.stat().st_size >= (left.seconds - 1) * 16000


def test_who_hangs_up_while_speaking_has_left_a_message(
    flow_node: AsteriskNode, server: FlowServer, ears: Ears
) -> None:
    with calling(flow_node) as phone:
        ears.wait_for("menu")
        phone.press("2")
        ears.wait_for("beep")
        speak(phone, 3)
        phone.hang_up()
        intake = finished(server)

    assert intake.route == "hung_up"
    assert [type(event.payload) for event in server.events] == [MessageLeft, IntakeRecorded]


def test_a_message_that_cannot_be_written_leads_to_a_person(
    flow_node: AsteriskNode, server: FlowServer, ears: Ears
) -> None:
    folder = flow_node.home / "recordings"
    mode = folder.stat().st_mode
    folder.chmod(0o555)
    try:
        with calling(flow_node) as phone:
            ears.wait_for("menu")
            phone.press("2")
            intake = finished(server)
    finally:
        folder.chmod(mode)

    assert way(intake)[-2:] == [("leave", "failed"), ("person", "")]


def test_a_rating_and_a_call_back_are_facts(flow_node: AsteriskNode, server: FlowServer, ears: Ears) -> None:
    for number, keys in enumerate((("4", "2"), ("3",)), 1):
        with calling(flow_node) as phone:
            ears.wait_for("menu", number)
            phone.press(keys[0])
            if len(keys) > 1:
                ears.wait_for("rate")
                phone.press(keys[1])
            phone.wait_for_goodbye()

    facts = [event.payload for event in server.events if not isinstance(event.payload, IntakeRecorded)]
    assert facts == [CallRated(score=2), CallbackRequested(number="13800000777")]


@pytest.mark.parametrize(("key", "number", "trunk"), [("6", "12333", "labour"), ("7", "110", "psap")])
def test_a_flow_rings_another_line_or_the_police(
    flow_node: AsteriskNode, server: FlowServer, ears: Ears, key: str, number: str, trunk: str
) -> None:
    with exchange(flow_node, trunk, ANSWER) as other, calling(flow_node) as phone:
        ears.wait_for("menu")
        phone.press(key)
        assert other.wait_for().startswith(f"INVITE sip:{number}@")
        until(lambda: flow_node.cli("core show channels concise").count("!Up!") == 2, "the conversation")
        phone.hang_up()
        flow_node.wait_until_idle()

    call_id = flow_node.last_call_id()
    assert flow_node.queue_log("HLFORWARDED", call_id)[0][:3] == [number, trunk, "answered"]
    assert flow_node.queue_log("HLENDED", call_id)[0][0] == "department"


def test_who_is_not_answered_there_comes_to_our_queue(flow_node: AsteriskNode, server: FlowServer, ears: Ears) -> None:
    with exchange(flow_node, "psap", BUSY), calling(flow_node) as phone:
        ears.wait_for("menu")
        phone.press("7")
        until(lambda: bool(flow_node.queue_log("HLFORWARDED", flow_node.last_call_id())), "the police is busy")
        until(lambda: "HLLEFT" in log_of(flow_node), "nobody is at our seats either")
        phone.wait_for_goodbye()

    assert flow_node.queue_log("HLFORWARDED", flow_node.last_call_id())[0][:3] == ["110", "psap", "busy"]


def log_of(node: AsteriskNode) -> str:
    lines = Path(node.home / "log/queue_log").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if f"|{node.last_call_id()}|" in line)


MOMENTS: dict[str, tuple[list[str], list[str]]] = {
    "greeting": ([], ["greeting"]),
    "question": ([], ["menu"]),
    "code": (["1"], ["menu", "ask-code"]),
    "message": (["2"], ["menu", "leave-message"]),
    "rating": (["4"], ["menu", "rate"]),
    "sub-flow": (["5"], ["menu", "english-menu"]),
}
"""Keys that lead somewhere, and the prompts at which they are pressed; at the last one the caller goes."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_hang_up_anywhere_is_reported_and_leaves_nothing_behind(
    flow_node: AsteriskNode, server: FlowServer, ears: Ears, moment: str
) -> None:
    keys, prompts = MOMENTS[moment]
    with calling(flow_node) as phone:
        for key, prompt in zip(keys, prompts, strict=False):
            ears.wait_for(prompt)
            phone.press(key)
        ears.wait_for(prompts[-1])
        phone.hang_up()
        intake = finished(server)

    assert (intake.route, intake.path[-1].left_by) == ("hung_up", "hung_up")
    flow_node.wait_until_idle()


FLOW = """flow: hotline-12345
title: t
unrecorded_reason: a test
start: a
nodes:
  a: {{kind: choose, prompt: menu, keys: {{"1": b}}, silence: b, wrong_key: b}}
  b: {{kind: {end}}}
"""


def test_a_published_version_is_for_the_next_call_and_a_running_call_keeps_its_own(
    flow_node: AsteriskNode, server: FlowServer, ears: Ears, tmp_path: Path
) -> None:
    store, file = FlowStore(tmp_path / "flows"), tmp_path / "hotline-12345.yaml"

    def publish(end: str) -> None:
        file.write_text(FLOW.format(end=end) + "personless_reason: a test\n")
        store.publish([file], by="ops", note="a test", at=datetime.now(UTC))

    publish("hang-up")
    server.flows = PublishedFlows(tmp_path / "flows", tmp_path, now=lambda: datetime.now(UTC))
    with calling(flow_node) as running:
        ears.wait_for("menu")
        publish("queue, queue: common")
        running.press("1")
        running.wait_for_goodbye()
        with calling(flow_node) as late:
            ears.wait_for("menu", 2)
            late.press("1")
            until(lambda: len(server.intakes()) == 2, "both flows end")

    assert [(intake.flow_version, intake.route) for intake in server.intakes()] == [(1, "hangup"), (2, "queue")]
