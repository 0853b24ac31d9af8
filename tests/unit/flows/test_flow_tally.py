"""One run of a flow, as it is counted."""

from datetime import date

from app.contract.events import IntakeRecorded, NodeVisit
from app.flows.counting import Tally

DAY = date(2026, 11, 23)


def test_a_run_counts_as_a_whole_and_at_each_node_that_was_left() -> None:
    tally = Tally()
    path = [
        NodeVisit(node="greet", left_by="next", ms=4000),
        NodeVisit(node="progress-query/ask", left_by="silence", ms=9000),
        NodeVisit(node="person", left_by="", ms=0),
    ]

    tally.add(IntakeRecorded(flow="hotline-12345", flow_version=3, route="queue", path=path), DAY)
    tally.add(IntakeRecorded(flow="hotline-12345", flow_version=3, route="hung_up", path=path[:1]), DAY)

    assert dict(tally.callers) == {
        (DAY, "hotline-12345", 3, "", "queue"): 1,
        (DAY, "hotline-12345", 3, "", "hung_up"): 1,
        (DAY, "hotline-12345", 3, "greet", "next"): 2,
        (DAY, "progress-query", -1, "ask", "silence"): 1,
        (DAY, "hotline-12345", 3, "person", ""): 1,
    }
    assert tally.spent_ms[DAY, "hotline-12345", 3, "", "queue"] == 13_000
    assert tally.spent_ms[DAY, "hotline-12345", 3, "greet", "next"] == 8000
