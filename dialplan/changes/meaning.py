"""The difference between two plans, said so that a person can agree or object: `line 12333 changes to … on …`."""

from collections.abc import Iterator
from datetime import date

from app.contract.changes import Area, Effect, MeaningChange
from dialplan.changes.meaning_lines import line_changes
from dialplan.changes.meaning_people import people_changes
from dialplan.changes.wording import change, changed_fields, field_text, listed, listed_zh
from dialplan.site_plan import SitePlan, Trunk

PARTS = ("trunks", "lines", "queues", "emergency", "seats", "destinations", "pause_reasons", "agents")


def describe(old: SitePlan | None, new: SitePlan, today: date) -> list[MeaningChange]:
    """Every change, what callers feel first. `today` is the day in Shanghai; without an old plan, one summary."""
    if old is None:
        counts = (len(new.lines), len(new.trunks), len(new.queues), len(new.all_seats))
        english = "the first plan of this node: {} lines, {} trunks, {} queues, {} seats".format(*counts)
        chinese = "本节点的首个方案：线路 {} 条、中继 {} 条、队列 {} 个、座席 {} 个".format(*counts)
        return [change(Area.SITE, Effect.ADDED, new.name, (english, chinese))]
    return [
        *line_changes(old, new, today),
        *_trunks(old, new),
        *_queues(old, new),
        *people_changes(old, new),
        *_site(old, new),
    ]


def _trunks(old: SitePlan, new: SitePlan) -> Iterator[MeaningChange]:
    before = {trunk.name: trunk for trunk in old.trunks}
    after = {trunk.name: trunk for trunk in new.trunks}
    for name, trunk in after.items():
        if name not in before:
            text = (
                f"trunk {name} ({trunk.label}) is added: {trunk.kind.value}, {len(trunk.dids)} numbers",
                f"新增中继 {name}（{trunk.label}），号码 {len(trunk.dids)} 个",
            )
            yield change(Area.TRUNK, Effect.ADDED, name, text)
            continue
        was = before[name]
        yield from _dids(was, trunk)
        for field, one, other in changed_fields(was, trunk, besides=("dids",)):
            what = (f"trunk {name}", f"中继 {name}")
            yield change(Area.TRUNK, Effect.CHANGED, name, field_text(what, field, one, other))
    for name, trunk in before.items():
        if name not in after:
            text = (
                f"trunk {name} ({trunk.label}) is removed: calls from it are refused",
                f"删除中继 {name}（{trunk.label}），其来话将被拒绝",
            )
            yield change(Area.TRUNK, Effect.REMOVED, name, text, needs_care=True)


def _dids(old: Trunk, new: Trunk) -> Iterator[MeaningChange]:
    before = {did.number: did.line for did in old.dids}
    after = {did.number: did.line for did in new.dids}
    name = new.name
    if came := [number for number in after if number not in before]:
        text = (f"trunk {name} also delivers {listed(came)}", f"中继 {name} 新增来话号码 {listed_zh(came)}")
        yield change(Area.TRUNK, Effect.ADDED, name, text)
    if went := [number for number in before if number not in after]:
        text = (f"trunk {name} no longer delivers {listed(went)}", f"中继 {name} 不再接受号码 {listed_zh(went)}")
        yield change(Area.TRUNK, Effect.REMOVED, name, text, needs_care=True)
    for number in before.keys() & after.keys():
        if before[number] != after[number]:
            text = (
                f"number {number} on trunk {name} belongs to line {after[number]}, no longer to {before[number]}",
                f"中继 {name} 的号码 {number} 由线路 {before[number]} 改归线路 {after[number]}",
            )
            yield change(Area.TRUNK, Effect.CHANGED, name, text, needs_care=True)


def _queues(old: SitePlan, new: SitePlan) -> Iterator[MeaningChange]:
    before = {queue.name: queue for queue in old.queues}
    after = {queue.name: queue for queue in new.queues}
    for name, queue in after.items():
        if name not in before:
            text = (
                f"queue {name} ({queue.label}) is added, skills {listed(queue.skills)}",
                f"新增队列 {name}（{queue.label}），所需技能 {listed_zh(queue.skills)}",
            )
            yield change(Area.QUEUE, Effect.ADDED, name, text)
            continue
        for field, one, other in changed_fields(before[name], queue):
            what = (f"queue {name}", f"队列 {name}")
            yield change(Area.QUEUE, Effect.CHANGED, name, field_text(what, field, one, other))
    for name, queue in before.items():
        if name not in after:
            text = (f"queue {name} ({queue.label}) is removed", f"删除队列 {name}（{queue.label}）")
            yield change(Area.QUEUE, Effect.REMOVED, name, text, needs_care=True)


def _site(old: SitePlan, new: SitePlan) -> Iterator[MeaningChange]:
    for name, one, other in changed_fields(old, new, besides=PARTS):
        text = field_text(("the site", "站点"), name, one, other)
        yield change(Area.SITE, Effect.CHANGED, name, text, needs_care=name == "change_control")
