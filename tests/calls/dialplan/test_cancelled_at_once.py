"""Citizens who think better of it in the moment they dial: each leaves a record."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from sipp_scenarios.sipp import SippPlan, start_sipp
from sipp_scenarios.templates import COMMON, render
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.line_cast import changed_dialplan

pytestmark = pytest.mark.calls

CALLS = 20
TRYING = '<recv response="100" response_txn="invite"/>'


def cancel_at_once(node: AsteriskNode, folder: Path) -> None:
    """Twenty SIPp citizens, each with INVITE and CANCEL in a row, whatever the answer."""
    values = {"dnis": "12345", "from_header": "<sip:13800000777@127.0.0.2>", "display_name": "", "extra_headers": []}
    xml = render("caller-cancels", COMMON, values)
    assert TRYING in xml
    first = '<recv response="200" optional="global" response_txn="cancel"/>'
    xml = xml.replace(TRYING, "").replace(first, '<recv response="100" optional="true" response_txn="invite"/>' + first)
    plan = SippPlan(
        "cancels", folder, xml, f"127.0.0.1:{node.settings.sip_port}", "127.0.0.2", calls=CALLS, calls_at_once=CALLS
    )
    start_sipp(plan).wait()


@pytest.mark.parametrize("is_first_step_late", [False, True])
def test_every_cancelled_call_leaves_its_record(is_first_step_late: bool, node: AsteriskNode, tmp_path: Path) -> None:
    """The arrival may be told twice, where the caller hung up in the step after it: it has one id."""
    before = {row[0] for row in rows(node, "HLARRIVED")}
    slow = changed_dialplan(node, "[arrive]\nexten => s,1,", "[arrive]\nexten => s,1,Wait(1)\n same => n,")
    with slow if is_first_step_late else nullcontext():
        cancel_at_once(node, tmp_path)
        node.wait_until_idle()

    arrived = [row for row in rows(node, "HLARRIVED") if row[0] not in before]
    ended = [row for row in rows(node, "HLENDED") if row[0] in {row[0] for row in arrived}]
    assert len(ended) == len({row[0] for row in arrived}) == CALLS
    assert {tuple(row[1:]) for row in arrived} == {
        ("carrier", "12345", "13800000777", "", "12345", "main", "direct_merge", "")
    }
    if is_first_step_late:
        assert {row[1] for row in ended} == {"arrival"}


def rows(node: AsteriskNode, event: str) -> list[list[str]]:
    """call id and data fields of each such line."""
    lines = Path(node.home / "log/queue_log").read_text(encoding="utf-8").splitlines()
    parts = [line.split("|") for line in lines]
    return [[part[1], *part[5:]] for part in parts if part[4:5] == [event]]
