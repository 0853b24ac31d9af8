"""What changes for the people who work here: agents and their skills, seats, what a seat may dial."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from app.contract.changes import Area, Effect, MeaningChange
from dialplan.changes.wording import change, changed_fields, field_text, listed, listed_zh
from dialplan.site_plan import Agent, SitePlan


def people_changes(old: SitePlan, new: SitePlan) -> Iterator[MeaningChange]:
    """Every change of agents and seats."""
    yield from _agents(old, new)
    yield from _seats(old, new)
    before = {target.name: target for target in old.destinations}
    names = [target.name for target in new.destinations]
    yield from _came_and_went(Area.SEAT, ("destination", "可拨目标"), list(before), names)
    for target in new.destinations:
        if target.name in before and target != before[target.name]:
            what = (f"destination {target.name}", f"可拨目标 {target.name}")
            for name, one, other in changed_fields(before[target.name], target):
                yield change(Area.SEAT, Effect.CHANGED, target.name, field_text(what, name, one, other))
    reasons, were = ({reason.code: reason for reason in plan.pause_reasons} for plan in (new, old))
    if reasons != were:
        text = (f"pause reasons are now {listed(sorted(reasons))}", f"示忙原因现为 {listed_zh(sorted(reasons))}")
        yield change(Area.AGENT, Effect.CHANGED, "", text)


def _agents(old: SitePlan, new: SitePlan) -> Iterator[MeaningChange]:
    before = {agent.username: agent for agent in old.agents}
    after = {agent.username: agent for agent in new.agents}
    yield from _came_and_went(Area.AGENT, ("agent", "坐席人员"), list(before), list(after))
    gained, lost, penalties = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list), []
    for username in before.keys() & after.keys():
        was, will = before[username], after[username]
        for skill in will.skills.keys() - was.skills.keys():
            gained[skill].append(username)
        for skill in was.skills.keys() - will.skills.keys():
            lost[skill].append(username)
        if any(will.skills[skill] != was.skills[skill] for skill in will.skills.keys() & was.skills.keys()):
            penalties.append(username)
        yield from _agent_fields(was, will)
    yield from _skills("loses", "lose", "失去", lost)
    yield from _skills("gains", "gain", "获得", gained)
    if penalties:
        names = sorted(penalties)
        text = (
            f"the order in which {_count(names, 'agent', 'is', 'are')} asked changes: {listed(names)}",
            f"{len(names)} 名坐席人员的优先级有变化：{listed_zh(names)}",
        )
        yield change(Area.AGENT, Effect.CHANGED, "", text)


def _agent_fields(was: Agent, will: Agent) -> Iterator[MeaningChange]:
    what = (f"agent {will.username}", f"坐席人员 {will.username}")
    for name, one, other in changed_fields(was, will, besides=("skills",)):
        yield change(Area.AGENT, Effect.CHANGED, will.username, field_text(what, name, one, other))


def _skills(one: str, many: str, verb_zh: str, found: dict[str, list[str]]) -> Iterator[MeaningChange]:
    for skill, usernames in sorted(found.items()):
        names = sorted(usernames)
        text = (
            f"{_count(names, 'agent', one, many)} skill {skill}: {listed(names)}",
            f"{len(names)} 名坐席人员{verb_zh}技能 {skill}：{listed_zh(names)}",
        )
        effect = Effect.REMOVED if many == "lose" else Effect.ADDED
        yield change(Area.AGENT, effect, skill, text, needs_care=many == "lose")


def _count(names: Sequence[str], noun: str, one: str, many: str) -> str:
    return f"1 {noun} {one}" if len(names) == 1 else f"{len(names)} {noun}s {many}"


def _came_and_went(area: Area, noun: tuple[str, str], old: list[str], new: list[str]) -> Iterator[MeaningChange]:
    came, went = [name for name in new if name not in set(old)], [name for name in old if name not in set(new)]
    if came:
        text = (
            f"{_count(came, noun[0], 'is', 'are')} added: {_span(came)}",
            f"新增{noun[1]} {len(came)} 个：{_span(came)}",
        )
        yield change(area, Effect.ADDED, "", text)
    if went:
        text = (
            f"{_count(went, noun[0], 'is', 'are')} removed: {_span(went)}",
            f"删除{noun[1]} {len(went)} 个：{_span(went)}",
        )
        yield change(area, Effect.REMOVED, "", text, needs_care=True)


def _span(names: list[str]) -> str:
    """`8011-8030` where the numbers follow each other."""
    if len(names) > 2 and all(name.isdecimal() for name in names):
        first, last = int(names[0]), int(names[-1])
        if [int(name) for name in names] == list(range(first, last + 1)):
            return f"{names[0]}-{names[-1]}"
    return listed(names)


def _seats(old: SitePlan, new: SitePlan) -> Iterator[MeaningChange]:
    yield from _came_and_went(Area.SEAT, ("seat", "座席"), old.all_seats, new.all_seats)
    told = () if set(old.all_seats) == set(new.all_seats) else ("range",)
    before = {group.name: group for group in old.seats}
    yield from _came_and_went(Area.SEAT, ("seat group", "座席组"), list(before), [group.name for group in new.seats])
    for group in new.seats:
        what = (f"seats {group.name}", f"座席组 {group.name}")
        for name, one, other in changed_fields(before.get(group.name, group), group, besides=told):
            yield change(Area.SEAT, Effect.CHANGED, group.name, field_text(what, name, one, other))
        if group.name not in before and group.may_dial:
            yield change(Area.SEAT, Effect.ADDED, group.name, field_text(what, "may_dial", [], group.may_dial))
