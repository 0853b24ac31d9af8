"""Finding and reading scenarios. Every mistake in a file is one sentence that names the place."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from sipp_scenarios.expectation import Expectation
from sipp_scenarios.model import Actor, Scenario
from sipp_scenarios.steps import Press
from sipp_scenarios.templates import SCENARIOS, Role
from sipp_scenarios.words import Part

FILE = "scenario.yaml"


class ScenarioError(Exception):
    """A scenario file that cannot be used; the message has one line per mistake."""

    def __init__(self, path: Path, mistakes: list[str]) -> None:
        super().__init__("\n".join(f"{path.parent.name}/{path.name}: {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


def scenario_names(folder: Path = SCENARIOS) -> list[str]:
    """Names of all scenarios, sorted."""
    return sorted(path.parent.name for path in folder.glob(f"*/{FILE}"))


def load(name: str, folder: Path = SCENARIOS) -> Scenario:
    """Read one scenario. Raises ScenarioError with every mistake found."""
    path = folder / name / FILE
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(path, [f"no such scenario; there are {', '.join(scenario_names(folder))}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError(path, [f"not readable as YAML: {' '.join(str(error).split())}"]) from None
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise ScenarioError(path, [_sentence(part) for part in error.errors()]) from None
    if mistakes := [*_reference_mistakes(scenario)]:
        raise ScenarioError(path, mistakes)
    return scenario


def _sentence(error: Any) -> str:
    parts = list(error["loc"])
    if parts[:1] == ["steps"] and len(parts) > 3:
        del parts[2]  # the kind of step, which the place's last part says again
    place = ".".join(str(part) for part in parts)
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _reference_mistakes(scenario: Scenario) -> Iterator[str]:
    """Names that lead nowhere, and people in the wrong part."""
    callers, agents = scenario.actors_of(Role.CALLER), scenario.actors_of(Role.AGENT)
    exchanges, own_seats = scenario.actors_of(Role.EXCHANGE), scenario.actors_of(Role.OWN_SEAT)
    known = {
        "caller": callers, "agent": agents, "exchange": exchanges, "exchange or own seat": {**exchanges, **own_seats},
        "caller or exchange": {**callers, **exchanges},
        "actor": scenario.actors,
    }  # fmt: skip
    for name, actor in {**callers, **exchanges}.items():
        if actor.number not in {"own", "landline", "none", *callers}:
            yield f"actors.{name}.number: no caller {actor.number!r}"
    yield from _seats_taken_twice(agents)
    yield from _phones_without_keys(scenario)
    for place, name, people in _references(scenario):
        if name not in scenario.actors:
            yield f"{place}: no actor {name!r}; there are {', '.join(scenario.actors)}"
        elif name not in known[people]:
            yield f"{place}: {name!r} is no {people}"


def _phones_without_keys(scenario: Scenario) -> Iterator[str]:
    for number, step in enumerate(scenario.steps):
        place, name = ("of", step.of) if isinstance(step, Press) else ("speak", getattr(step, "speak", ""))
        fitting = ("caller-keys", "exchange-keys") if isinstance(step, Press) else ("caller-keys",)
        actor = scenario.actors.get(name)
        if actor and actor.template not in fitting:
            yield f"steps.{number}.{place}: {name}'s phone does not do that; {' or '.join(fitting)} does"


def _seats_taken_twice(agents: dict[str, Actor]) -> Iterator[str]:
    taken: dict[int, str] = {}
    for name, actor in agents.items():
        if other := taken.get(actor.agent):
            yield f"actors.{name}.agent: {actor.agent} is {other} already"
        taken[actor.agent] = name


ROLES_IN_STEPS = {
    "sign_in": "agent", "sign_out": "agent", "dial": "caller", "hang_up": "actor", "finish": "caller",
    "pop": "caller", "to": "agent", "not_to": "agent", "open_ticket_of": "caller",
    "accept_ticket_of": "caller", "by": "agent", "open": "exchange or own seat", "close": "exchange", "answer": "actor",
    "hand_over": "caller", "leave_to_them": "caller", "take_back": "caller", "refer": "caller", "flag": "caller",
    "reply_to_ticket_of": "caller", "ring_for_follow_up": "caller",
    "speak": "caller", "end_broadcast_followed_by": "caller", "await_notice_of": "caller",
}  # fmt: skip


def _whose(step: Part) -> str:
    """What the actor of `of` must be."""
    fields = type(step).model_fields
    return "caller or exchange" if "press" in fields else "caller" if "play_flow" in fields else "actor"


def _references(scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    """(place, actor's name, what the actor must be) of everything that names an actor."""
    for number, step in enumerate(scenario.steps):
        for key, value in step.model_dump(by_alias=True).items():
            roles = {**ROLES_IN_STEPS, "of": _whose(step)}
            for name in (value if isinstance(value, list) else [value]) if key in roles and value else []:
                yield f"steps.{number}.{key}", name, roles[key]
    for number, expectation in enumerate(scenario.endings):
        place = f"or_expect.{number - 1}" if number else "expect"
        yield from _references_of(place, expectation)


def _references_of(place: str, expectation: Expectation) -> Iterator[tuple[str, str, str]]:
    roles = {
        "people": "actor", "received": "exchange", "records": "caller", "follow_ups": "caller", "agents": "agent",
        "calls": "caller or exchange",
    }  # fmt: skip
    for part, role in roles.items():
        for name in getattr(expectation, part):
            yield f"{place}.{part}.{name}", name, role
    for name, call in expectation.calls.items():
        of_call = f"{place}.calls.{name}"
        if call.agent:
            yield f"{of_call}.agent", call.agent, "agent"
        if not isinstance(call.ticket, str) and call.ticket.opened_by:
            yield f"{of_call}.ticket.opened_by", call.ticket.opened_by, "agent"
        for event in [*call.events, *call.also]:
            if isinstance(agent := event.fields.get("agent"), str) and agent:
                yield f"{of_call}.events.{event.type}.agent", agent, "agent"
