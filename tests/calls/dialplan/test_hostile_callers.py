"""Whatever the network sends, the call arrives, and only harmless text of it gets further."""

from pathlib import Path

import pytest

from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.sip_phone import SipPhone

pytestmark = pytest.mark.calls

LONG = "张" * 120
CALLERS = {
    "shell in the name": (b'"${SHELL(touch pwned)}" <sip:13812345678@c>', "13812345678", "SHELLtouch pwned"),
    "shell in the number": (b'"x" <sip:%24%7BSHELL(id)%7D138@c>', "138", "x"),
    "a newline in the number": (b'"x" <sip:138%0d%0aAction:%20Originate%0d%0a@c>', "138", "x"),
    "quotes and separators": (b'"a\\"b\\\\|c;d,e$[1+1]`id`" <sip:+8613812345678@c>', "+8613812345678", "abcde11id"),
    "brackets that do not close": (b'"a)},}${EXTEN}(((" <sip:138@c>', "138", "aEXTEN"),
    "300 characters": (f'"{LONG}" <sip:{"1" * 300}@c>'.encode(), "1" * 32, "张" * 26),
    "a cut inside a character": (f'"a{LONG}" <sip:138@c>'.encode(), "138", "a" + "张" * 26),
    "a cut inside another": (f'"ab{LONG}" <sip:138@c>'.encode(), "138", "ab" + "张" * 25),
    "Chinese": ('"张三 先生" <sip:13812345678@c>'.encode(), "13812345678", "张三 先生"),
    "nothing at all": (b"<sip:c>", "", ""),
    "anonymous": (b'"Anonymous" <sip:anonymous@anonymous.invalid>', "", "Anonymous"),
}


@pytest.mark.parametrize("sender", CALLERS.values(), ids=CALLERS)
def test_a_caller_arrives_with_harmless_text(sender: tuple[bytes, str, str], node: AsteriskNode) -> None:
    header, number, name = sender
    with SipPhone(node.settings.sip_port) as phone:
        assert phone.invite("12345", header) == 200
        phone.hang_up()

    assert [row[:4] for row in node.queue_log("HLARRIVED", node.last_call_id())] == [["carrier", "12345", number, name]]
    assert not list(Path("/").glob("pwned")) + list(Path(node.home).rglob("pwned"))


def test_a_name_in_gbk_leaves_the_queue_log_readable(node: AsteriskNode) -> None:
    with SipPhone(node.settings.sip_port) as phone:
        assert phone.invite("12345", b'"' + "张三".encode("gbk") + b'" <sip:138@c>') == 200
        phone.hang_up()

    assert node.queue_log("HLARRIVED", node.last_call_id())[0][:3] == ["carrier", "12345", "138"]


@pytest.mark.parametrize(
    "dialled",
    ["9999", "013812345678", "8001", "s", "T", "h", "+12345", "12345%24%7BSHELL(id)%7D", "common", "12345*"],
)
def test_a_trunk_reaches_only_the_numbers_of_the_plan(dialled: str, node: AsteriskNode) -> None:
    with SipPhone(node.settings.sip_port) as phone:
        assert phone.invite(dialled, b"<sip:138@c>") in (404, 484, 416)

    assert node.cli("core show channels count").startswith("0 active channels")


def test_parameters_after_the_number_are_ignored(node: AsteriskNode) -> None:
    with SipPhone(node.settings.sip_port) as phone:
        assert phone.invite("12345;phone-context=+86", b"<sip:138@c>") == 200
        phone.hang_up()


@pytest.mark.parametrize("sender", [b"<sip:138@c>", b"<sip:carrier@c>", b"<sip:8001@c>"])
def test_a_stranger_gets_no_call_whatever_name_he_gives(sender: bytes, node: AsteriskNode) -> None:
    with SipPhone(node.settings.sip_port, address="127.0.0.9") as phone:
        assert phone.invite("12345", sender) == 401


def test_a_trunk_s_ping_is_answered(node: AsteriskNode) -> None:
    with SipPhone(node.settings.sip_port) as phone:
        assert phone.ask("OPTIONS", f"sip:127.0.0.1:{node.settings.sip_port}") == 200
