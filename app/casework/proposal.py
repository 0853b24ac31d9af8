"""Which unit should lead (R41): a pure proposal from the catalogue that tells why, step by step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import NamedTuple

from app.catalogue.models import DispatchRule, RuleStatus, Unit, UnitKind

GRASS_ROOTS_LEVEL = 4
_TERRITORIAL = frozenset({UnitKind.GOVERNMENT, UnitKind.TOWNSHIP})


class Step(NamedTuple):
    """One step of the reasoning, as people read it."""

    title: str
    text: str


@dataclass(frozen=True)
class Proposal:
    """`lead` None: nobody fits, and the last step says why."""

    lead: Unit | None
    supporting: tuple[Unit, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Matter:
    """What the proposal looks at. `first_receiver`: the unit that had it before and may not push it back."""

    subject_code: str | None
    region_code: str | None
    complained_unit_code: str | None = None
    first_receiver: str | None = None
    returned_by: frozenset[str] = field(default_factory=frozenset)


def propose(matter: Matter, units: Mapping[str, Unit], rules: Iterable[DispatchRule], day: date) -> Proposal:
    """属地优先，行业其次，首接负责，专项规则优先于属地；绝不派给被投诉单位."""
    steps: list[Step] = []
    rule = find_rule(matter, rules, day)
    lead = _first_lead(matter, units, rule, steps)
    lead = _active(lead, units, steps)
    lead = _recused(lead, matter, units, steps)
    if lead is None:
        steps.append(Step("无法建议", "派单目录没有合适的单位，请人工选择"))
        return Proposal(None, (), tuple(steps))
    return Proposal(lead, tuple(_supporting(lead, matter, units, rule, steps)), tuple(steps))


def find_rule(matter: Matter, rules: Iterable[DispatchRule], day: date) -> DispatchRule | None:
    """The valid rule that is most exact in subject, then in region, then of the highest priority."""
    fitting = [rule for rule in rules if _fits(rule, matter, day)]
    key = lambda rule: (_depth(rule.subject_code), len(rule.region_code or ""), rule.priority, rule.code)  # noqa: E731
    return max(fitting, key=key, default=None)


def is_barred(unit: Unit, complained_code: str | None, units: Mapping[str, Unit]) -> bool:
    """回避: the unit complained of, and all that lies below it."""
    code: str | None = unit.code
    while code is not None and complained_code is not None:
        if code == complained_code:
            return True
        code = units[code].parent_code if code in units else None
    return False


def _fits(rule: DispatchRule, matter: Matter, day: date) -> bool:
    if rule.status != RuleStatus.ACTIVE:
        return False
    if (rule.valid_from and day < rule.valid_from) or (rule.valid_until and day > rule.valid_until):
        return False
    return holds(rule.subject_code, matter.subject_code) and holds(rule.region_code, matter.region_code)


def holds(above: str | None, code: str | None) -> bool:
    """Whether the code lies within the one above, or everything does."""
    return above is None or (code is not None and code.startswith(_stem(above)))


@cache
def _stem(code: str) -> str:
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def _depth(code: str | None) -> int:
    return len(_stem(code)) if code else 0


def _first_lead(matter: Matter, units: Mapping[str, Unit], rule: DispatchRule | None, steps: list[Step]) -> Unit | None:
    if matter.first_receiver and matter.first_receiver in units and matter.first_receiver not in matter.returned_by:
        lead = units[matter.first_receiver]
        steps.append(Step("首接负责", f"{lead.name}此前已承办本事项，继续主办"))
        return lead
    if rule is not None and rule.overrides_territory and rule.lead_unit_code not in matter.returned_by:
        lead = units[rule.lead_unit_code]
        note = f"（{rule.note}）" if rule.note else ""
        steps.append(Step("专项规则", f"派单目录 {rule.code} 规定该类事项由{lead.name}主办{note}"))
        return lead
    may_go_down = not (rule is not None and rule.not_to_grass_roots)
    nearest = _territorial(matter, units, may_go_down=may_go_down)
    if nearest is not None:
        steps.append(Step("属地优先", f"事发地属{nearest.name}辖区"))
        if not may_go_down:
            steps.append(Step("不下压基层", "该类事项不得派至乡镇街道"))
        return nearest
    if rule is not None and rule.lead_unit_code not in matter.returned_by:
        lead = units[rule.lead_unit_code]
        steps.append(Step("行业主管", f"事发地没有可派的属地单位，由行业主管{lead.name}主办"))
        return lead
    return None


def _territorial(matter: Matter, units: Mapping[str, Unit], *, may_go_down: bool) -> Unit | None:
    place = matter.region_code or ""
    fitting = [
        unit
        for unit in units.values()
        if unit.kind in _TERRITORIAL
        and unit.code not in matter.returned_by
        and place.startswith(_stem(unit.region_code))
        and (may_go_down or unit.level < GRASS_ROOTS_LEVEL)
        and unit.level > 2
    ]
    return max(fitting, key=lambda unit: (unit.level, unit.code), default=None)


def _active(lead: Unit | None, units: Mapping[str, Unit], steps: list[Step]) -> Unit | None:
    seen: set[str] = set()
    while lead is not None and not lead.is_active and lead.code not in seen:
        seen.add(lead.code)
        substitute = units.get(lead.substitute_code or lead.parent_code or "")
        if substitute is None:
            steps.append(Step("单位停用", f"{lead.name}已停用且没有代管单位"))
            return None
        steps.append(Step("单位停用", f"{lead.name}已停用，由{substitute.name}接办"))
        lead = substitute
    return lead if lead is None or lead.is_active else None


def _recused(lead: Unit | None, matter: Matter, units: Mapping[str, Unit], steps: list[Step]) -> Unit | None:
    while lead is not None and is_barred(lead, matter.complained_unit_code, units):
        above = units.get(lead.parent_code or "")
        told = f"改派其上级{above.name}" if above else "且没有上级单位"
        steps.append(Step("回避", f"{lead.name}是被反映单位或其下属，{told}"))
        lead = above
    return lead if lead is None or lead.is_active else None


def _supporting(
    lead: Unit, matter: Matter, units: Mapping[str, Unit], rule: DispatchRule | None, steps: list[Step]
) -> Sequence[Unit]:
    if rule is None:
        return []
    wanted = [rule.lead_unit_code, *rule.supporting_unit_codes.split()]
    found = [
        units[code]
        for code in wanted
        if code in units
        and code != lead.code
        and units[code].is_active
        and code not in matter.returned_by
        and not is_barred(units[code], matter.complained_unit_code, units)
    ]
    if found:
        names = "、".join(unit.name for unit in found)
        steps.append(Step("行业协办", f"派单目录 {rule.code}：{names}协办"))
    return found
