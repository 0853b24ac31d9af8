"""Which hotline a citizen meant, and what a trunk that is wrong or lies can do about it: nothing."""

import pytest

from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.line_cast import changed_dialplan
from tests.calls.dialplan.sip_phone import SipPhone

pytestmark = pytest.mark.calls

CARRIER, MARKET, TRANSPORT, PSAP, PROBE = "127.0.0.2", "127.0.0.3", "127.0.0.5", "127.0.0.6", "127.0.0.7"
HISTORY = "History-Info: <sip:12369@x?Reason=SIP%3Bcause%3D302>;index=1, <sip:12345@y>;index=1.1"
DIVERSION = "Diversion: <sip:12328@h>"
BY_DIVERSION = ["12328", "diversion", "parallel", "12328"]
MAIN = ["12345", "main", "direct_merge", ""]
CASES: dict[str, tuple[str, str, list[str], list[str]]] = {
    "the main number": (CARRIER, "12345", [], MAIN),
    "a line's own number": (CARRIER, "12319", [], ["12319", "dnis", "direct_merge", ""]),
    "a department's own trunk": (MARKET, "12345", [], ["12315", "trunk", "forward", ""]),
    "a diversion": (TRANSPORT, "12345", ["Diversion: <sip:12328@h>;reason=cfu"], BY_DIVERSION),
    "a diversion with name and area code": (
        TRANSPORT, "12345",
        ['Diversion: "A, B@c" <sip:037512369@h>;counter=1'], ["12369", "diversion", "parallel", "037512369"],
    ),
    "a diversion by tel": (
        TRANSPORT, "12345", ["Diversion: <tel:+86-375-12328>"], ["12328", "diversion", "parallel", "8637512328"],
    ),
    "two diversions: the first dialled counts": (
        TRANSPORT, "12345", ["Diversion: <sip:12369@h>", DIVERSION], BY_DIVERSION,
    ),
    "two diversions in one header": (
        TRANSPORT, "12345", ["Diversion: <sip:12369@h>;reason=cfu,<sip:12328@h>"], BY_DIVERSION,
    ),
    "a history": (TRANSPORT, "12345", [HISTORY], ["12369", "history_info", "parallel", "12369"]),
    "diversion before history": (
        TRANSPORT, "12345", [HISTORY, DIVERSION], BY_DIVERSION,
    ),
    "an alias that is valid": (
        TRANSPORT, "12345", ["Diversion: <sip:12358@h>"], ["12315", "diversion", "forward", "12358"],
    ),
    "an access code": (CARRIER, "9612345", [], ["12315", "access_code", "forward", ""]),
    "the number dialled before all else": (
        TRANSPORT, "12345", ["Diversion: <sip:12345@h>"], ["12345", "main", "direct_merge", "12345"],
    ),
    "an emergency service that shares a trunk": (
        PSAP, "12345", ["Diversion: <sip:119@psap>"], ["12345", "main", "direct_merge", "119"],
    ),
    "a probe": (PROBE, "12319", [], ["12319", "dnis", "direct_merge", ""]),
    # who is not believed, and what cannot be read
    "a diversion from the street": (CARRIER, "12345", [DIVERSION], MAIN),
    "a history from the street": (CARRIER, "12345", [HISTORY], MAIN),
    "our own header from the street": (
        CARRIER, "12333", ["X-12345-Hop: 1", "X-12345-Call-Id: node1-1.1"], ["12333", "dnis", "forward", ""],
    ),
    "a call id nobody has": (TRANSPORT, "12345", ["X-12345-Call-Id: node1-9.9"], MAIN),
    "a trunk that names another line than its own": (
        MARKET, "12345", [DIVERSION], ["12315", "trunk", "forward", "12328"],
    ),
    "a number of nobody": (
        TRANSPORT, "12345", ["Diversion: <sip:99999@h>"], ["12345", "main", "direct_merge", "99999"],
    ),
    "an alias with letters": (TRANSPORT, "12345", ["Diversion: <sip:twelve@h>"], MAIN),
    "nothing in it": (TRANSPORT, "12345", ["Diversion: <>"], MAIN),
    "no brackets that close": (TRANSPORT, "12345", ["Diversion: <sip:12328"], BY_DIVERSION),
    "a function": (
        TRANSPORT, "12345", ["Diversion: <sip:${SHELL(touch pwned)}@h>"], MAIN,
    ),
    "an expression": (
        TRANSPORT, "12345",
        ['Diversion: "x" = "x" | 1 <sip:1" | "1" = "1@h>'], ["12345", "main", "direct_merge", "111"],
    ),
    "the same one thirty times": (
        TRANSPORT, "12345", [DIVERSION] * 30, BY_DIVERSION,
    ),
    "three thousand characters": (
        TRANSPORT, "12345", [f"Diversion: <sip:{'1' * 3000}@h>"], ["12345", "main", "direct_merge", "1" * 20],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_line_a_citizen_meant_by(case: tuple[str, str, list[str], list[str]], node: AsteriskNode) -> None:
    address, dialled, headers, expected = case
    with SipPhone(node.settings.sip_port, address=address) as phone:
        assert phone.invite(dialled, b"<sip:13800000001@c>", *headers) == 200
        phone.hang_up()

    [row] = node.queue_log("HLARRIVED", node.last_call_id())
    assert row[4:] == expected


@pytest.mark.parametrize(
    "value",
    [b"Diversion: \xff\xfe", b"Diversion:", b"Diversion: ;;;,,,", b"Diversion: \xe5\xbc\xa0 <sip:12328@h>;r=\x01"],
)
def test_bytes_that_are_no_diversion_do_not_stop_a_call(value: bytes, node: AsteriskNode) -> None:
    with SipPhone(node.settings.sip_port, address=TRANSPORT) as phone:
        status = phone.invite("12345", b"<sip:138@c>\r\n" + value + b"\r\nSubject: x")
        if status == 200:
            phone.hang_up()

    assert status in (200, 400)


def test_a_line_without_a_way_is_answered_as_the_hotline(node: AsteriskNode) -> None:
    with (
        changed_dialplan(node, "HL_DNIS=12319,HL_LINE=12319,", "HL_DNIS=12319,HL_LINE=110,"),
        SipPhone(node.settings.sip_port) as phone,
    ):
        assert phone.invite("12319") == 200
        phone.hang_up()
        node.wait_until_idle()

    assert node.queue_log("HLARRIVED", node.last_call_id())[0][4:7] == ["12345", "main", "direct_merge"]


@pytest.mark.parametrize(
    ("address", "headers", "notices"),
    [
        (CARRIER, [DIVERSION], ["trunk carrier sends a Diversion that is not believed"]),
        (TRANSPORT, ["Diversion: <sip:anonymous@h>"], ["trunk transport sends a Diversion that is not read"]),
        (TRANSPORT, [DIVERSION] * 12, ["trunk transport sends a Diversion that is not read"]),
        (TRANSPORT, ['Diversion: "A, B" <sip:12328@h>'], []),
        (TRANSPORT, [HISTORY], []),
        (CARRIER, [], []),
    ],
)
def test_a_diversion_passed_over_is_told_once_and_without_the_number(
    address: str, headers: list[str], notices: list[str], node: AsteriskNode
) -> None:
    before = len(node.log())
    with SipPhone(node.settings.sip_port, address=address) as phone:
        assert phone.invite("12345", b"<sip:13800000001@c>", *headers) == 200
        phone.hang_up()
        node.wait_until_idle()

    assert [line[line.index("trunk ") :] for line in node.log()[before:] if " sends a " in line] == notices
