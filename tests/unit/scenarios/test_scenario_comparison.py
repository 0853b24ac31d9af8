"""A comparison holds when both sides agree, and says both when they do not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sipp_scenarios.audio import Recording
from sipp_scenarios.comparison import compare_call, compare_follow_up, compare_headers, compare_people
from sipp_scenarios.expectation import ExpectedCall, ExpectedEvent, ExpectedFollowUp, ExpectedLine, ExpectedTicket
from sipp_scenarios.records import StoredCall, StoredEvent, StoredFollowUp, StoredMissedCall, StoredTicket
from sipp_scenarios.report import Check, Report

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NUMBER = "199****1234"
AGENTS = {"agent": "1001", "other": "1002"}

EXPECTED = ExpectedCall.model_validate(
    {
        "outcome": "answered",
        "agent": "agent",
        "events": ["CallArrived", {"AgentAnswered": {"agent": "agent"}}, "CallEnded"],
        "never": ["CallerAbandoned"],
        "ticket": {"opened_by": "agent"},
        "missed_call": "none",
        "recording": "both_voices",
        "is_reconstructed": False,
    }
)


def event(kind: str, seconds: int, **payload: object) -> StoredEvent:
    return StoredEvent(kind, NOON + timedelta(seconds=seconds), payload)


SEEN = StoredCall(
    call_id="node1-1.0",
    state="ended",
    outcome="answered",
    agent="1001",
    caller_number=NUMBER,
    arrived_at=NOON,
    is_reconstructed=False,
    events=(
        event("CallArrived", 0),
        event("CallerQueued", 10, queue="common"),
        event("AgentAnswered", 12, agent="1001"),
        event("CallEnded", 20),
    ),
    ticket=StoredTicket("410400261123000017", "draft", "1001", "node1-1.0"),
    recording=Recording(seconds=8.0, loudness=900, has_caller=True, has_agent=True),
)


def failures(seen: StoredCall | None, expected: ExpectedCall = EXPECTED) -> list[Check]:
    checks = compare_call("citizen", expected, seen, agents=AGENTS, number=NUMBER)
    return [check for check in checks if not check.is_met]


def test_a_call_as_expected_has_no_difference() -> None:
    assert failures(SEEN) == []


def test_a_call_without_a_record_is_the_one_difference() -> None:
    assert failures(None) == [Check("store", "citizen: call record", "one", "none")]


@pytest.mark.parametrize(
    ("seen", "what", "expected", "found"),
    [
        (replace(SEEN, outcome="abandoned"), "outcome", "answered", "abandoned"),
        (replace(SEEN, state="talking"), "state", "ended", "talking"),
        (replace(SEEN, caller_number=""), "caller number", NUMBER, ""),
        (replace(SEEN, agent="1002"), "agent", "1001", "1002"),
        (replace(SEEN, ticket=None), "ticket", "draft, opened by 1001", "none"),
        (
            replace(SEEN, missed_call=StoredMissedCall("abandoned", is_resolved=False)),
            "missed call",
            "none",
            "abandoned, open",
        ),
        (
            replace(SEEN, recording=Recording(8.0, 900, True, False, True)),
            "recording",
            "both_voices",
            "caller_and_exchange",
        ),
        (replace(SEEN, recording=None), "recording", "both_voices", "none"),
        (replace(SEEN, recording=Recording(8.0, 3, False, False)), "recording", "both_voices", "silence (8.0 s)"),
        (replace(SEEN, recording=Recording(8.0, 900, True, False)), "recording", "both_voices", "caller only"),
        (replace(SEEN, is_reconstructed=True), "reconstructed", "False", "True"),
        (
            replace(SEEN, events=(*SEEN.events, event("CallerAbandoned", 21))),
            "never",
            "none",
            "CallerAbandoned",
        ),
        (
            replace(SEEN, events=SEEN.events[:2]),
            "event",
            "AgentAnswered (agent=1001)",
            "not there in CallArrived → CallerQueued",
        ),
    ],
)
def test_a_difference_says_both_sides(seen: StoredCall, what: str, expected: str, found: str) -> None:
    assert failures(seen) == [Check("store", f"citizen: {what}", expected, found)]


def test_an_event_of_another_agent_shows_who_it_was() -> None:
    events = (SEEN.events[0], event("AgentAnswered", 12, agent="1002"), SEEN.events[-1])

    assert failures(replace(SEEN, events=events)) == [
        Check("store", "citizen: event", "AgentAnswered (agent=1001)", "AgentAnswered (agent=1002)")
    ]


def test_events_in_the_wrong_order_do_not_count() -> None:
    assert failures(replace(SEEN, events=SEEN.events[::-1]))


def test_an_event_that_may_come_at_any_time_must_come() -> None:
    expected = EXPECTED.model_copy(update={"also": [ExpectedEvent.model_validate("RecordingSaved")]})

    assert [check.expected for check in failures(SEEN, expected)] == ["RecordingSaved"]
    assert failures(replace(SEEN, events=(event("RecordingSaved", 0), *SEEN.events)), expected) == []


def test_a_ticket_that_nobody_expected_is_a_difference() -> None:
    expected = EXPECTED.model_copy(update={"ticket": "none"})

    assert failures(SEEN, expected) == [Check("store", "citizen: ticket", "none", "draft, opened by 1001")]


def test_what_a_phone_saw_is_compared_exactly() -> None:
    assert compare_people("agent", ["rang", "answered"], ["rang", "answered"]).is_met
    assert not compare_people("agent", ["rang"], ["rang", "answered"]).is_met
    assert not compare_people("agent", [], ["rang"]).is_met


def test_a_report_without_comparisons_is_no_success() -> None:
    assert not Report("x", "y", "z").is_passed


def test_a_report_with_a_problem_is_no_success() -> None:
    report = Report("x", "y", "z", checks=[Check("sip", "a", "b", "b")])
    assert report.is_passed

    report.problems.append("the caller never came")

    assert not report.is_passed
    assert report.to_json()["is_passed"] is False


LINE = {"number": "12315", "rule": "diversion", "mode": "forward"}


def test_the_line_of_a_call_is_compared_with_what_told_it() -> None:
    expected = EXPECTED.model_copy(update={"line": ExpectedLine.model_validate(LINE)})
    seen = replace(SEEN, original_line="12315", line_rule="trunk", line_mode="forward")

    assert failures(seen, expected) == [Check("store", "citizen: line rule", "diversion", "trunk")]
    assert failures(replace(seen, line_rule="diversion"), expected) == []


def test_a_ticket_without_an_agent_is_expected_where_a_department_answered() -> None:
    expected = EXPECTED.model_copy(update={"ticket": ExpectedTicket()})

    assert failures(SEEN, expected) == [
        Check("store", "citizen: ticket", "draft, opened by none", "draft, opened by 1001")
    ]
    assert failures(replace(SEEN, ticket=StoredTicket("4104", "draft", "", "node1-1.0")), expected) == []


def test_a_header_must_hold_its_text_or_be_missing() -> None:
    expected = {"From": NUMBER, "Diversion": "12333", "X-12345-Hop": ""}
    seen = {"From": f"<sip:{NUMBER}@h>;tag=1", "X-12345-Hop": "1"}

    assert [check.is_met for check in compare_headers("bureau", expected, seen)] == [True, False, False]


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (StoredFollowUp("answered", is_solved=True, satisfaction="satisfied"), "answered, solved, satisfied"),
        (StoredFollowUp("answered", is_solved=False, satisfaction="satisfied"), "answered, not solved, satisfied"),
        (StoredFollowUp("open", is_solved=None, satisfaction=""), "open"),
    ],
)
def test_what_a_citizen_said_is_compared_and_told(seen: StoredFollowUp, found: str) -> None:
    expected = ExpectedFollowUp(is_solved=True, satisfaction="satisfied")

    check = compare_follow_up("citizen", expected, seen)

    assert (check.expected, check.seen) == ("answered, solved, satisfied", found)
