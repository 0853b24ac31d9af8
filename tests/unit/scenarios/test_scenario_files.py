"""Every scenario of the project can be read; a bad one is refused with the sentence that names the mistake."""

import re
from pathlib import Path

import pytest
import yaml

from sipp_scenarios.loading import ScenarioError, load, scenario_names
from sipp_scenarios.steps import ApplyPlan
from sipp_scenarios.templates import SCENARIOS, TEMPLATES, render

OF_THE_ISSUE = {
    "caller-reaches-agent", "caller-abandons-in-queue", "agent-does-not-answer-then-next-does", "no-agent-signed-in",
    "agi-is-down", "case-store-is-down-then-back", "bridge-is-killed-during-calls", "two-agents-one-caller",
    "same-caller-calls-again", "caller-hangs-up-during-greeting", "garbage-caller-id", "anonymous-caller",
    "options-ping", "agi-is-killed-in-mid-flow", "agi-hangs", "prompt-is-missing", "redis-is-stopped",
    "database-is-locked",
    "forwarded-in-with-diversion", "forwarded-in-with-history-info", "forwarded-out-and-answered",
    "forwarded-out-busy-returns-to-queue", "forwarded-out-trunk-down", "parallel-own-seat-answers",
    "parallel-12345-answers", "parallel-both-answer-at-once", "forward-loop",
    "line-switches-mode-at-midnight", "cancelled-line-intercept", "apply-during-calls",
    "handover-110-accepted", "handover-119-refused-returns", "from-110-non-police",
    "apply-of-a-broken-plan-rolls-back",
}  # fmt: skip

GOOD = {
    "summary": "A citizen calls and an agent answers, which is all that this scenario is about.",
    "actors": {"citizen": {"template": "caller"}, "agent": {"template": "seat-answers", "agent": 1}},
    "steps": [{"sign_in": ["agent"]}, {"dial": ["citizen"]}],
    "expect": {"people": {"citizen": ["answered"]}},
}


def written(folder: Path, **changes: object) -> Path:
    (folder / "mine").mkdir()
    (folder / "mine/scenario.yaml").write_text(yaml.safe_dump({**GOOD, **changes}, sort_keys=False), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_of_the_project_can_be_read(name: str) -> None:
    scenario = load(name)

    assert scenario.expect.people or scenario.expect.calls


@pytest.mark.parametrize("name", scenario_names())
def test_a_change_of_the_plan_changes_every_line_that_the_summary_says_it_changes(name: str) -> None:
    scenario = load(name)
    changes = [place for step in scenario.steps if isinstance(step, ApplyPlan) for place in step.apply_plan]
    said = re.findall(r"line (\d{5}) (?:gets|changes)", scenario.summary)

    assert {f"lines.{number}" for number in (said if changes else [])} <= {place[:11] for place in changes}


def test_every_scenario_that_was_asked_for_is_there() -> None:
    assert set(scenario_names()) >= OF_THE_ISSUE


@pytest.mark.parametrize("name", [*TEMPLATES, "register"])
def test_a_template_names_no_value_that_nobody_gives(name: str) -> None:
    given: dict[str, object] = {
        "from_header": "<sip:1@h>", "voice_file": "/v", "voice_packets": "/v", "seat": "8001", "authentication": "x",
        "headers": ["Diversion"],
    }  # fmt: skip
    defaults = TEMPLATES[name].parameters if name in TEMPLATES else {"stay_ms": 1}

    xml = render(name, SCENARIOS, {**given, **defaults, "from_header": "<sip:1>"})

    assert xml.startswith("<?xml")


def test_a_good_file_is_read(tmp_path: Path) -> None:
    assert not load("mine", written(tmp_path)).is_destructive


@pytest.mark.parametrize("step", [{"set_clock": "12333"}, {"apply_plan": {"label": "x"}}])
def test_a_scenario_that_changes_the_node_for_everybody_needs_permission(tmp_path: Path, step: object) -> None:
    assert load("mine", written(tmp_path, steps=[step])).is_destructive


def test_a_scenario_that_stops_something_is_destructive(tmp_path: Path) -> None:
    assert load("mine", written(tmp_path, steps=[{"stop": "agi"}])).is_destructive


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"summary": "too short"}, "summary: String should have at least 40 characters"),
        ({"extra": 1}, "extra: Extra inputs are not permitted"),
        ({"actors": {}}, "actors: Dictionary should have at least 1 item after validation, not 0"),
        ({"steps": []}, "steps: List should have at least 1 item after validation, not 0"),
        (
            {"actors": {"citizen": {"template": "robot"}}},
            f"actors.citizen.template: no template 'robot'; there are {', '.join(TEMPLATES)}",
        ),
        (
            {"actors": {"citizen": {"template": "options", "parameters": {"speed": 3}}}},
            "actors.citizen: options has no parameter 'speed'; it has dnis",
        ),
        (
            {"actors": {"citizen": {"template": "caller", "parameters": {"stay_ms": "soon"}}}},
            "actors.citizen: parameter 'stay_ms' takes int, not str",
        ),
        ({"actors": {"agent": {"template": "seat-rings"}}}, "actors.agent: a seat needs `agent: 1` or higher"),
        ({"actors": {"citizen": {"template": "caller", "agent": 1}}}, "actors.citizen: a caller is no agent"),
        (
            {"actors": {"bureau": {"template": "exchange-busy"}}},
            "actors.bureau: an exchange needs the `trunk` at whose far end it is",
        ),
        ({"actors": {"citizen": {"template": "caller", "seat": "8010"}}}, "actors.citizen: a caller has no seat"),
        ({"steps": [{"open": ["agent"]}]}, "steps.0.open: 'agent' is no exchange or own seat"),
        (
            {"steps": [{"hand_over": "citizen", "by": "agent", "target": "police"}]},
            "steps.0.target: String should match",
        ),
        ({"steps": [{"play_flow": "rating", "of": "citizen", "by": "agent"}]}, "steps.0.play_flow: Input should be"),
        ({"steps": [{"play_flow": "nuisance", "of": "agent", "by": "agent"}]}, "steps.0.of: 'agent' is no caller"),
        ({"steps": [{"press": "1", "of": "agent"}]}, "steps.0.of: agent's phone does not do that; caller-keys or"),
        ({"steps": [{"speak": "citizen"}]}, "steps.0.speak: citizen's phone does not do that; caller-keys does"),
        ({"steps": [{"press": "1", "of": "citizen", "after": ["{monday}"]}]}, "steps.0.after.0: String should match"),
        ({"steps": [{"reply_to_ticket_of": "agent"}]}, "steps.0.reply_to_ticket_of: 'agent' is no caller"),
        ({"steps": [{"ring_for_follow_up": "agent"}]}, "steps.0.ring_for_follow_up: 'agent' is no caller"),
        ({"expect": {"follow_ups": {"agent": {}}}}, "expect.follow_ups.agent: 'agent' is no caller"),
        (
            {"expect": {"follow_ups": {"citizen": {"satisfaction": "glad"}}}},
            "expect.follow_ups.citizen.satisfaction: Input should be '', 'satisfied', 'fairly' or 'dissatisfied'",
        ),
        ({"expect": {"received": {"citizen": {}}}}, "expect.received.citizen: 'citizen' is no exchange"),
        ({"or_expect": [{"people": {"ghost": []}}]}, "or_expect.0.people.ghost: no actor 'ghost'; there are citizen,"),
        ({"steps": [{"dance": ["citizen"]}]}, "steps.0: a step is one of sign_in, sign_out, dial, hang_up, finish,"),
        ({"steps": [{"stop": "everything"}]}, "steps.0.stop: Input should be 'redis', 'asterisk', 'agi', 'bridge',"),
        ({"steps": [{"await_event": "Applause", "of": "citizen"}]}, "steps.0.await_event: Input should be 'CallArri"),
        ({"steps": [{"dial": ["nobody"]}]}, "steps.0.dial: no actor 'nobody'; there are citizen, agent"),
        ({"steps": [{"dial": ["agent"]}]}, "steps.0.dial: 'agent' is no caller"),
        ({"steps": [{"sign_in": ["citizen"]}]}, "steps.0.sign_in: 'citizen' is no agent"),
        ({"steps": [{"pop": "citizen", "to": "boss"}]}, "steps.0.to: no actor 'boss'; there are citizen, agent"),
        ({"expect": {"people": {"ghost": []}}}, "expect.people.ghost: no actor 'ghost'; there are citizen, agent"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, changes: dict[str, object], mistake: str) -> None:
    with pytest.raises(ScenarioError) as refusal:
        load("mine", written(tmp_path, **changes))

    assert str(refusal.value).startswith(f"mine/scenario.yaml: {mistake}")


def expected_call(**changes: object) -> dict[str, object]:
    call = {"outcome": "answered", "events": ["CallArrived"], "ticket": "none", "missed_call": "none", **changes}
    return {"expect": {"calls": {"citizen": call}}}


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"outcome": "happy"}, "expect.calls.citizen.outcome: Input should be 'answered', 'abandoned', 'overflow',"),
        (
            {"events": [{"CallerQueued": {"colour": "red"}}]},
            "expect.calls.citizen.events.0: CallerQueued has no field 'colour'; it has queue, position",
        ),
        (
            {"events": [{"AgentAnswered": {"agent": "boss"}}]},
            "expect.calls.citizen.events.AgentAnswered.agent: no actor 'boss'; there are citizen, agent",
        ),
        ({"agent": "citizen"}, "expect.calls.citizen.agent: 'citizen' is no agent"),
        ({"ticket": {"opened_by": "citizen"}}, "expect.calls.citizen.ticket.opened_by: 'citizen' is no agent"),
    ],
)
def test_a_mistake_in_the_expectation_is_one_sentence(tmp_path: Path, changes: dict[str, object], mistake: str) -> None:
    with pytest.raises(ScenarioError) as refusal:
        load("mine", written(tmp_path, **expected_call(**changes)))

    assert mistake in str(refusal.value)


def test_one_seat_has_one_agent(tmp_path: Path) -> None:
    seat = {"template": "seat-answers", "agent": 1}

    with pytest.raises(ScenarioError, match=r"actors\.right\.agent: 1 is left already"):
        load("mine", written(tmp_path, actors={"left": seat, "right": seat}, steps=[{"sign_in": ["left"]}], expect={}))


def test_a_borrowed_number_needs_its_owner(tmp_path: Path) -> None:
    actors = {**GOOD["actors"], "citizen": {"template": "caller", "number": "sister"}}  # type: ignore[dict-item]

    with pytest.raises(ScenarioError, match=r"actors\.citizen\.number: no caller 'sister'"):
        load("mine", written(tmp_path, actors=actors))


def test_a_name_that_is_no_scenario_lists_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such scenario; there are mine"):
        load("yours", written(tmp_path))


def test_a_file_that_is_no_yaml_says_where(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/scenario.yaml").write_text("summary: [", encoding="utf-8")

    with pytest.raises(ScenarioError, match=r"not readable as YAML: .* line 1"):
        load("mine", tmp_path)


def test_every_mistake_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refusal:
        load("mine", written(tmp_path, steps=[{"dial": ["ann"]}, {"dial": ["bob"]}]))

    assert len(refusal.value.mistakes) == 2
