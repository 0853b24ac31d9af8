"""What the dialplan must know of each line: from which second on a call to it goes which way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.contract.events import LineRule
from dialplan.line_plan import SHANGHAI, Category, Line, Mode, Period
from dialplan.site_plan import Did, SitePlan, Trunk, TrunkKind

NEVER = 253_402_214_400
"""Epoch seconds of the year 9999."""


@dataclass(frozen=True)
class Way:
    """One period. `begins` is epoch seconds; `name` is an extension of the context `way`."""

    begins: int
    mode: str
    name: str
    legs: list[str]
    """What is rung: the department's trunk first, then own seats."""
    seat_legs: list[str]
    trunk: str
    trunk_calls: int
    seconds: int
    hotline_seconds: int


DIRECT = Way(0, Mode.DIRECT_MERGE.value, "queue", [], [], "", 0, 0, 0)
"""Straight to our queue, at any time."""


@dataclass(frozen=True)
class LineWays:
    """A line's ways over time."""

    number: str
    queue: str
    has_name: bool
    """Told to the agent before the caller is heard."""
    ways: list[Way]
    """The oldest first: it holds before its own first day too."""

    @property
    def newer(self) -> list[Way]:
        """All but the oldest, the newest first."""
        return self.ways[:0:-1]


@dataclass(frozen=True)
class NumberOfLine:
    """A number that may stand in Diversion or History-Info, and when it means the line: epoch seconds, half open."""

    number: str
    line: str
    since: int
    until: int


@dataclass(frozen=True)
class DeliveredNumber:
    """A number that a trunk delivers, and the line it means unless a diversion says more."""

    number: str
    line: str
    rule: LineRule

    def by_trunk(self, line: str) -> "DeliveredNumber":
        """The same on a trunk of this line alone."""
        return DeliveredNumber(self.number, line, LineRule.TRUNK)


def line_ways(plan: SitePlan) -> list[LineWays]:
    """Every line of the plan that can be called, in its order."""
    found = []
    for line in plan.lines:
        if line.category == Category.EMERGENCY:
            continue
        ways = [_way(plan, line, period) for period in line.periods] or [DIRECT]
        is_main = line.number == plan.main_line.number
        found.append(LineWays(line.number, line.queue, has_name=not is_main, ways=ways))
    return found


def numbers_of_lines(plan: SitePlan) -> list[NumberOfLine]:
    """Lines, their aliases, and both with the area code; not the hotline's own number, which says nothing."""
    found: dict[str, NumberOfLine] = {}
    main = plan.main_line.number
    for line in plan.lines:
        if line.category == Category.EMERGENCY or line.number == main:
            continue
        for number in _spellings(plan, line.number):
            found[number] = NumberOfLine(number, line.number, 0, NEVER)
    for line in plan.lines:
        for alias in line.aliases:
            since = _midnight(alias.valid_from) if alias.valid_from else 0
            until = _midnight(alias.valid_until + timedelta(days=1)) if alias.valid_until else NEVER
            for number in _spellings(plan, alias.number):
                found.setdefault(number, NumberOfLine(number, line.number, since, until))
    for trunk in plan.trunks:
        for did in trunk.dids:
            if did.line != main:
                found.setdefault(did.number, NumberOfLine(did.number, did.line, 0, NEVER))
    return list(found.values())


def access_codes(plan: SitePlan, trunk: Trunk) -> list[Did]:
    """`9612345` where line 12315 has the access code 96 and the trunk delivers 12345."""
    main = plan.main_line.number
    if not any(did.number == main for did in dids_of(plan, trunk)):
        return []
    return [Did(number=line.access_code + main, line=line.number) for line in plan.lines if line.access_code]


def numbers_of(plan: SitePlan, trunk: Trunk) -> list[DeliveredNumber]:
    """All numbers of a trunk, access codes too. A line's own number says most, then the trunk of a line."""
    main = plan.main_line.number
    found = [
        DeliveredNumber(did.number, did.line, LineRule.DNIS if did.line != main else LineRule.MAIN)
        for did in dids_of(plan, trunk)
    ] + [DeliveredNumber(code.number, code.line, LineRule.ACCESS_CODE) for code in access_codes(plan, trunk)]
    return [one if one.rule is LineRule.DNIS or not trunk.line else one.by_trunk(trunk.line) for one in found]


def dids_of(plan: SitePlan, trunk: Trunk) -> list[Did]:
    """The numbers a trunk delivers; a probe may dial every number of the plan."""
    if trunk.kind != TrunkKind.PROBE:
        return trunk.dids
    every = {did.number: did for other in reversed(plan.trunks) for did in other.dids}
    return [every[number] for number in sorted(every)]


def _spellings(plan: SitePlan, number: str) -> Iterator[str]:
    yield number
    if plan.area_code:
        yield plan.area_code + number
        yield "86" + plan.area_code[1:] + number


def _midnight(day: object) -> int:
    moment = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=SHANGHAI)
    return max(0, int(moment.astimezone(UTC).timestamp()))


def _way(plan: SitePlan, line: Line, period: Period) -> Way:
    trunk = next((trunk for trunk in plan.trunks if trunk.name == period.trunk), None)
    seat_legs = [f"PJSIP/{seat}" for seat in period.seats]
    legs = [*([f"PJSIP/{line.number}@{trunk.name}"] if trunk else []), *seat_legs]
    name, seconds = _name(period), period.own_ring_seconds
    if name == "out" and trunk and trunk.outbound:
        seconds = trunk.outbound.ring_seconds
    return Way(
        begins=max(0, int(period.begins_at.timestamp())),
        mode=period.mode.value,
        name=name,
        legs=legs,
        seat_legs=seat_legs,
        trunk=trunk.name if trunk else "",
        trunk_calls=trunk.max_calls if trunk else 0,
        seconds=seconds,
        hotline_seconds=period.hotline_ring_seconds,
    )


def _name(period: Period) -> str:
    match period.mode:
        case Mode.FORWARD:
            return "out" if period.direction == "out" else "queue"
        case Mode.PARALLEL:
            return period.order
        case Mode.CANCELLED:
            return "intercept"
    return "queue"
