"""What can be wrong with lines, their periods and the trunks that serve them, beyond a single field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from app.contract.line_rules import EMERGENCY_NUMBERS, PlannedLine, StagedMode, objections_to
from dialplan.line_plan import Category, Line, Mode, Period
from dialplan.seat_range import expand

if TYPE_CHECKING:
    from dialplan.site_plan import SitePlan

RINGS_A_TRUNK = "a department's trunk with `outbound`"


def line_contradictions(plan: SitePlan) -> Iterator[str]:
    """Every contradiction, each as `path: what is wrong. What to do`."""
    yield from _emergency(plan)
    yield from _numbers(plan)
    for line in plan.lines:
        yield from (f"lines[{line.number}]: {text}" for text in objections_to(_planned(line)))
        yield from _periods(plan, line)
    yield from _cycles(plan)


def _planned(line: Line) -> PlannedLine:
    """What the rules of state look at; whether nobody knew the line before, only the case store can tell."""
    return PlannedLine(
        number=line.number,
        category=line.category.value,
        stages=[StagedMode(period.since, period.mode.value) for period in line.periods],
        aliases=[alias.number for alias in line.aliases],
    )


def _emergency(plan: SitePlan) -> Iterator[str]:
    """Nothing of ours may catch 110, 119, 120 or 122 (R10): neither a number nor a range."""
    taken = [(f"trunks[{trunk.name}].dids", did.number) for trunk in plan.trunks for did in trunk.dids]
    taken += [(f"seats[{group.name}].range", seat) for group in plan.seats for seat in group.seats]
    for target in plan.destinations:
        taken += [(f"destinations[{target.name}].numbers", number) for number in expand(target.numbers)]
    for path, number in taken:
        if number in EMERGENCY_NUMBERS:
            yield f"{path}: {number} is an emergency number and must reach its own service. Take it out."
    yield from _ways_to_emergency_lines(plan)
    trunks = {trunk.name: trunk for trunk in plan.trunks}
    for service in plan.emergency:
        path = f"emergency[{service.number}].trunk"
        if service.trunk not in trunks:
            yield f"{path}: there is no trunk {service.trunk}. Add it under trunks or correct it."
        elif trunks[service.trunk].outbound is None:
            yield f"{path}: trunk {service.trunk} has no outbound, so nobody could be handed over. Add it."


def _ways_to_emergency_lines(plan: SitePlan) -> Iterator[str]:
    """The dialplan has no way for such a line, so nothing may lead to it."""
    emergency = {line.number for line in plan.lines if line.category == Category.EMERGENCY}
    for trunk in plan.trunks:
        for did in trunk.dids:
            if did.line in emergency:
                yield _never_ours(f"trunks[{trunk.name}].dids[{did.number}].line", did.line)
        if trunk.line in emergency:
            yield _never_ours(f"trunks[{trunk.name}].line", trunk.line)
    for line in plan.lines:
        if line.number in emergency and line.access_code:
            yield _never_ours(f"lines[{line.number}].access_code", line.number)
        if line.number in emergency:
            for alias in line.aliases:
                yield _never_ours(f"lines[{line.number}].aliases[{alias.number}]", line.number)


def _never_ours(path: str, line: str | None) -> str:
    return f"{path}: {line} is an emergency line, whose calls never come to us. Take it out."


def _numbers(plan: SitePlan) -> Iterator[str]:
    """A number means one line, whoever names it."""
    meaning = {line.number: line.number for line in plan.lines}
    for line in plan.lines:
        for alias in line.aliases:
            path = f"lines[{line.number}].aliases[{alias.number}]"
            if alias.number in meaning:
                yield f"{path}: it is a number of line {meaning[alias.number]} already. Keep it in one place."
            meaning[alias.number] = line.number
            if (alias.valid_from or date.min) > (alias.valid_until or date.max):
                yield f"{path}: it ends before it begins. Correct valid_from or valid_until."
    codes: dict[str, str] = {}
    for line in plan.lines:
        path, code = f"lines[{line.number}].access_code", line.access_code
        if code is None:
            continue
        if code in codes:
            yield f"{path}: line {codes[code]} has {code} already. Give each line a code of its own."
        codes[code] = line.number
        whole = code + plan.main_line.number
        if any(did.number == whole for trunk in plan.trunks for did in trunk.dids):
            yield f"{path}: {whole} is a number of a trunk already. Choose another code."
    lines = {line.number for line in plan.lines}
    for trunk in plan.trunks:
        if trunk.line and trunk.line not in lines:
            yield f"trunks[{trunk.name}].line: there is no line {trunk.line}. Add it under lines or correct it."
        if not trunk.dids and trunk.kind != "probe":
            yield f"trunks[{trunk.name}].dids: it delivers no number, so no call could come. Add one."


def _periods(plan: SitePlan, line: Line) -> Iterator[str]:
    path = f"lines[{line.number}].periods"
    for period in line.periods:
        yield from _period(plan, f"{path}[{period.since}]", period)
    if line.number == plan.main_line.number and line.periods:
        yield f"{path}: the hotline's own number has no modes. Remove them."


def _period(plan: SitePlan, path: str, period: Period) -> Iterator[str]:
    trunks = {trunk.name: trunk for trunk in plan.trunks}
    is_out = period.mode == Mode.FORWARD and period.direction == "out"
    if period.trunk and period.trunk not in trunks:
        yield f"{path}.trunk: there is no trunk {period.trunk}. Add it under trunks or correct it."
    elif period.trunk and trunks[period.trunk].outbound is None:
        yield f"{path}.trunk: trunk {period.trunk} has no outbound, so it cannot be rung. Add outbound to it."
    elif period.trunk and trunks[period.trunk].kind != "department":
        yield f"{path}.trunk: trunk {period.trunk} is not a department's. Give it kind department or name another."
    if is_out and not period.trunk:
        yield f"{path}: forward out needs {RINGS_A_TRUNK}. Name it as trunk."
    if period.mode == Mode.PARALLEL and not (period.trunk or period.seats):
        yield f"{path}: parallel needs {RINGS_A_TRUNK}, or seats of ours. Name one of them."
    if period.trunk and not is_out and period.mode != Mode.PARALLEL:
        yield f"{path}.trunk: nothing is rung in this mode. Remove trunk, or make it forward out or parallel."
    if period.seats and period.mode != Mode.PARALLEL:
        yield f"{path}.seats: only parallel rings seats. Remove them or change the mode."
    known = set(plan.all_seats) if period.seats else set()  # thousands of seats, and most periods name none
    for seat in period.seats:
        if seat not in known:
            yield f"{path}.seats: there is no seat {seat}. Add it under seats or correct it."


def _cycles(plan: SitePlan) -> Iterator[str]:
    """Lines that forward to each other: each to the exchange of the next, on one and the same day."""
    owner = {trunk.name: trunk.line for trunk in plan.trunks}
    told: set[frozenset[str]] = set()
    for day in sorted({period.since for line in plan.lines for period in line.periods}):
        next_line: dict[str, str] = {}
        for line in plan.lines:
            period = next((p for p in reversed(line.periods) if p.since <= day), next(iter(line.periods), None))
            if period and period.trunk and period.mode == Mode.FORWARD:
                target = owner.get(period.trunk)
                if target and target != line.number:
                    next_line[line.number] = target
        for start in next_line:
            way = [start]
            while (following := next_line.get(way[-1])) and following not in way:
                way.append(following)
            if following == start and frozenset(way) not in told:
                told.add(frozenset(way))
                shown = " → ".join([*way, start])
                yield f"lines[{start}].periods: from {day} on calls go round: {shown}. Let one of them end at us."
