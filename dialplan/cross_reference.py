"""What no single field can tell: names that must exist, be unique or fit together in a site plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from dialplan.line_checks import line_contradictions
from dialplan.line_plan import Category
from dialplan.seat_range import expand

if TYPE_CHECKING:
    from dialplan.site_plan import SitePlan

RESERVED_QUEUES = {"general"}
"""queues.conf keeps this section for its own settings, in any case of letters."""
RESERVED_ENDPOINTS = {"anonymous", "global", "system"}
"""pjsip.conf gives these names a meaning: `anonymous` would admit strangers."""


def contradictions(plan: SitePlan) -> list[str]:
    """Every contradiction, each as `path: what is wrong. What to do`."""
    try:
        return [
            *_names(plan), *_trunks(plan), *_callbacks(plan), *_lines(plan), *line_contradictions(plan),
            *_queues(plan), *_seats(plan), *_agents(plan),
        ]  # fmt: skip
    except ValueError as error:  # a range that cannot be expanded
        return [f"seats: {error}."]


def _twice(path: str, what: str, values: Iterable[str]) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{path}: {what} {value} is given {count} times. Keep one."


def _names(plan: SitePlan) -> Iterator[str]:
    yield from _twice("trunks", "trunk name", (trunk.name for trunk in plan.trunks))
    yield from _twice("queues", "queue name", (queue.name for queue in plan.queues))
    yield from _twice("lines", "line number", (line.number for line in plan.lines))
    yield from _twice("seats", "group name", (group.name for group in plan.seats))
    yield from _twice("destinations", "destination name", (target.name for target in plan.destinations))
    yield from _twice("pause_reasons", "code", (reason.code for reason in plan.pause_reasons))
    yield from _twice("agents", "username", (agent.username for agent in plan.agents))


def _trunks(plan: SitePlan) -> Iterator[str]:
    lines = {line.number for line in plan.lines}
    for trunk in plan.trunks:
        path = f"trunks[{trunk.name}]"
        if trunk.name in RESERVED_ENDPOINTS:
            yield f"{path}: the name has a meaning of its own in pjsip.conf. Choose another name."
        yield from _twice(f"{path}.dids", "number", (did.number for did in trunk.dids))
        for did in trunk.dids:
            if did.line not in lines:
                yield f"{path}.dids[{did.number}]: there is no line {did.line}. Add it under lines or correct it."
    for one, other in combinations(plan.trunks, 2):
        for mine in one.addresses:
            for theirs in other.addresses:
                if mine.overlaps(theirs):
                    yield (
                        f"trunks[{other.name}].addresses: {theirs} overlaps {mine} of trunk {one.name}, so a call could"
                        " not be told apart. Give each trunk addresses of its own."
                    )


def _callbacks(plan: SitePlan) -> Iterator[str]:
    if plan.callbacks is None:
        return
    trunk = next((trunk for trunk in plan.trunks if trunk.name == plan.callbacks.trunk), None)
    if trunk is None:
        yield f"callbacks.trunk: there is no trunk {plan.callbacks.trunk}. Add it under trunks or correct it."
    elif trunk.outbound is None or trunk.kind != "carrier":
        yield f"callbacks.trunk: trunk {trunk.name} is no carrier with outbound: it rings nobody. Name another."


def _lines(plan: SitePlan) -> Iterator[str]:
    queues = {queue.name for queue in plan.queues}
    reachable = {did.line for trunk in plan.trunks for did in trunk.dids}
    reachable |= {trunk.line for trunk in plan.trunks if trunk.line}
    reachable |= {line.number for line in plan.lines if line.access_code or line.category == Category.EMERGENCY}
    if plan.general_queue not in queues:
        yield f"general_queue: there is no queue {plan.general_queue}. Add it under queues or correct the name."
    for line in plan.lines:
        if line.queue not in queues:
            yield f"lines[{line.number}].queue: there is no queue {line.queue}. Add it under queues or correct it."
        if line.number not in reachable:
            yield f"lines[{line.number}]: no trunk delivers it, so nobody can reach it. Add a did to a trunk."


def _queues(plan: SitePlan) -> Iterator[str]:
    final = {queue.name for queue in plan.queues if queue.falls_to is None}
    for queue in plan.queues:
        path = f"queues[{queue.name}]"
        if queue.name in RESERVED_QUEUES:
            yield f"{path}: Asterisk keeps the section '{queue.name}' of queues.conf for itself. Choose another name."
        if queue.ring_seconds > queue.max_wait_seconds:
            yield f"{path}.ring_seconds: a phone rings longer than a caller may wait. Lower it to max_wait_seconds."
        if queue.falls_to is not None and queue.falls_to not in final:
            yield f"{path}.falls_to: {queue.falls_to} is no queue that ends the way. Name one that falls to none."
        if plan.agents and not any(set(queue.skills) <= set(agent.skills) for agent in plan.agents):
            skills = ", ".join(queue.skills)
            yield f"{path}.skills: no agent has {skills}. Give one agent all of them, or change the queue."


def _seats(plan: SitePlan) -> Iterator[str]:
    yield from _twice("seats", "seat", plan.all_seats)
    known = set(plan.all_seats)
    targets = {target.name: target for target in plan.destinations}
    for group in plan.seats:
        numbers: list[str] = []
        for name in group.may_dial:
            if name not in targets:
                yield f"seats[{group.name}].may_dial: there is no destination {name}. Add it under destinations."
            else:
                numbers += expand(targets[name].numbers)
        yield from _twice(f"seats[{group.name}].may_dial", "number", numbers)
    for target in plan.destinations:
        strangers = [number for number in expand(target.numbers) if number not in known]
        if target.kind == "seats" and strangers:
            yield f"destinations[{target.name}]: {strangers[0]} is not a seat. Keep the range inside the seats."


def _agents(plan: SitePlan) -> Iterator[str]:
    seats, skills = set(plan.all_seats), {skill for queue in plan.queues for skill in queue.skills}
    yield from _twice("agents", "seat", (agent.seat for agent in plan.agents))
    for agent in plan.agents:
        path = f"agents[{agent.username}]"
        if agent.seat not in seats:
            yield f"{path}.seat: there is no seat {agent.seat}. Add it under seats or correct it."
        for skill in agent.skills:
            if skill not in skills:
                yield f"{path}.skills: no queue asks for {skill}. Add it to a queue or correct it."
        if not plan.queues_of(agent):
            yield f"{path}.skills: they fit no queue, so this agent would never be called. Add a skill."
