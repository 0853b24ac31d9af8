"""Calls in progress are not touched by a change: fifty are held through ten applies, and all are there afterwards."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from tests.calls.changes.changing_node import TALKS, ChangingNode, HeldCall, plan_text

pytestmark = [pytest.mark.calls, pytest.mark.timeout(300)]

CALLS = 50
APPLIES = 10


def edited(number: int) -> str:
    """Another plan each time: a line, a trunk, a queue's times, seats and a mode that comes."""

    def edit(plan: dict[str, Any]) -> None:
        plan["queues"][0]["ring_seconds"] = 5 + number
        plan["seats"][0]["range"] = f"8001-{8010 + number}"
        plan["lines"].append({"number": f"1297{number}", "label": "新线路", "queue": "common"})
        plan["trunks"][0]["dids"].append({"number": f"1297{number}", "line": f"1297{number}"})
        other = dict(plan["trunks"][1], name=f"other-{number}", addresses=[f"127.9.0.{number + 1}"], line=None)
        plan["trunks"].append(other)

    return plan_text(edit)


def test_fifty_calls_are_held_through_ten_applies(node: ChangingNode) -> None:
    server = (node.settings.sip_host, node.settings.sip_port)
    for number in range(TALKS):
        node.cli(f"queue add member Local/{9101 + number}@from-seat-hall to common")
    with ExitStack() as stack:
        calls = [stack.enter_context(HeldCall("12345", "127.0.0.2", server)) for _ in range(CALLS)]
        with ThreadPoolExecutor(CALLS) as pool:
            assert set(pool.map(HeldCall.accept, calls)) == {200}
        wait_for_conversations(node)
        # those who talk hear themselves
        talking = [call for call in calls if call.hears_own_voice(0.3)]

        reports = []
        for number in range(APPLIES):
            reports.append(node.apply(edited(number)))
            for call in calls:
                call.speak()

        assert [report.outcome for report in reports] == ["applied"] * APPLIES
        assert [call.was_hung_up() for call in calls] == [False] * CALLS
        assert len(talking) == TALKS
        assert [call.hears_own_voice() for call in talking] == [True] * TALKS
        assert [call.hears_sound_now() for call in calls if call not in talking] == [True] * (CALLS - TALKS)
        assert [call.hang_up() for call in calls] == [True] * CALLS
    for number in range(TALKS):
        node.cli(f"queue remove member Local/{9101 + number}@from-seat-hall from common")
    node.wait_until_idle()
    stages = [row[0] for row in node.queue_log("HLENDED") if row[1] == "common"]
    assert stages.count("queue") == CALLS  # each ended where it was, by its caller


def wait_for_conversations(node: ChangingNode) -> None:
    deadline = time.monotonic() + 30
    while f"{CALLS - TALKS} calls" not in (shown := node.cli("queue show common").splitlines()[0]):
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)
