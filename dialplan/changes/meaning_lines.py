"""What changes for the people who dial: lines, their modes over time, and the emergency services."""

from collections.abc import Iterator
from datetime import date

from app.contract.changes import Area, Effect, MeaningChange
from dialplan.changes.wording import change, changed_fields, field_text, listed, listed_zh, mode_text
from dialplan.line_plan import Line, Period
from dialplan.site_plan import SitePlan


def line_changes(old: SitePlan, new: SitePlan, today: date) -> Iterator[MeaningChange]:
    """Every change of lines and emergency services; `today` is the day in Shanghai."""
    before = {line.number: line for line in old.lines}
    after = {line.number: line for line in new.lines}
    for number, line in after.items():
        if number not in before:
            yield from _added(line, today)
        elif line != before[number]:
            yield from _changed(before[number], line, today)
    for number, line in before.items():
        if number not in after:
            text = (
                f"line {number} ({line.label}) is removed: nobody can reach it any more",
                f"线路 {number}（{line.label}）被删除，不再可拨通",
            )
            yield change(Area.LINE, Effect.REMOVED, number, text, needs_care=True)
    yield from _emergency(old, new)


def _added(line: Line, today: date) -> Iterator[MeaningChange]:
    text = (
        f"line {line.number} ({line.label}) is added as {line.category.value}, queue {line.queue}",
        f"新增线路 {line.number}（{line.label}），队列 {line.queue}",
    )
    yield change(Area.LINE, Effect.ADDED, line.number, text)
    yield from _periods(line.model_copy(update={"periods": []}), line, today)


def _changed(old: Line, new: Line, today: date) -> Iterator[MeaningChange]:
    what = (f"line {new.number}", f"线路 {new.number}")
    for name, before, after in changed_fields(old, new, besides=("periods", "aliases")):
        yield change(Area.LINE, Effect.CHANGED, new.number, field_text(what, name, before, after))
    yield from _aliases(old, new)
    yield from _periods(old, new, today)


def _aliases(old: Line, new: Line) -> Iterator[MeaningChange]:
    gained = [alias.number for alias in new.aliases if alias not in old.aliases]
    lost = [alias.number for alias in old.aliases if alias.number not in {alias.number for alias in new.aliases}]
    if gained:
        text = (
            f"line {new.number} is also reached by {listed(gained)}",
            f"线路 {new.number} 新增或调整别名 {listed_zh(gained)}",
        )
        yield change(Area.LINE, Effect.CHANGED, new.number, text)
    if lost:
        text = (
            f"line {new.number} is no longer reached by {listed(lost)}",
            f"线路 {new.number} 不再使用别名 {listed_zh(lost)}",
        )
        yield change(Area.LINE, Effect.CHANGED, new.number, text, needs_care=True)


def _periods(old: Line, new: Line, today: date) -> Iterator[MeaningChange]:
    before = {period.since: period for period in old.periods}
    after = {period.since: period for period in new.periods}
    moved = _moved(before, after)
    for since in sorted(before.keys() | after.keys()):
        was, will = before.get(since), after.get(since)
        if was == will or since in moved.values():
            continue
        if will is not None:
            yield _begins(new.number, will, was, today, instead_of=moved.get(since), is_first=not before)
        elif was is not None:
            english, chinese = mode_text(was)
            text = (
                f"line {new.number} no longer changes to {english} on {since}",
                f"线路 {new.number} 不再于 {since} 改为{chinese}",
            )
            yield change(Area.LINE, Effect.REMOVED, new.number, text, on=since, needs_care=since <= today)


def _moved(before: dict[date, Period], after: dict[date, Period]) -> dict[date, date]:
    """New day by which a period only begins earlier or later, and its old day."""
    gone = {since: period for since, period in before.items() if since not in after}
    moved: dict[date, date] = {}
    for since, period in after.items():
        for old_day, old in gone.items():
            is_same = old.model_copy(update={"since": since}) == period
            if since not in before and is_same and old_day not in moved.values():
                moved[since] = old_day
                break
    return moved


def _begins(
    number: str, will: Period, was: Period | None, today: date, *, instead_of: date | None, is_first: bool
) -> MeaningChange:
    english, chinese = mode_text(will)
    text = (f"line {number} changes to {english} on {will.since}", f"线路 {number} 自 {will.since} 起改为{chinese}")
    if is_now := will.since <= today:
        text = (
            f"line {number} is {english} as of {will.since}, so from now on",
            f"线路 {number} 自 {will.since} 起为{chinese}，应用后立即生效",
        )
    if instead_of:
        text = (f"{text[0]} instead of {instead_of}", f"{text[1]}（原定 {instead_of}）")
    if was:
        text = (f"{text[0]} (was {mode_text(was)[0]})", f"{text[1]}（原为{mode_text(was)[1]}）")
    effect = Effect.CHANGED if was or instead_of else Effect.ADDED
    return change(Area.LINE, effect, number, text, on=will.since, needs_care=is_now and not is_first)


def _emergency(old: SitePlan, new: SitePlan) -> Iterator[MeaningChange]:
    before = {service.number: service for service in old.emergency}
    after = {service.number: service for service in new.emergency}
    for number in sorted(before.keys() | after.keys()):
        was, will = before.get(number), after.get(number)
        if was == will:
            continue
        if will is None:
            text = (f"{number} can no longer be handed over to", f"不再能移交 {number}")
            yield change(Area.EMERGENCY, Effect.REMOVED, number, text, needs_care=True)
        elif was is None:
            text = (
                f"{number} ({will.label}) can be handed over to on trunk {will.trunk}",
                f"可经中继 {will.trunk} 移交 {number}（{will.label}）",
            )
            yield change(Area.EMERGENCY, Effect.ADDED, number, text)
        else:
            what = (f"emergency {number}", f"紧急号码 {number}")
            for name, one, other in changed_fields(was, will):
                text = field_text(what, name, one, other)
                yield change(Area.EMERGENCY, Effect.CHANGED, number, text, needs_care=name == "trunk")
