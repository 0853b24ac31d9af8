"""Copy the lines of an applied plan into the store. The plan is the source; the store follows, and refuses nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.contract.line_rules import objections_to
from app.lines.models import Line, LineAlias, LinePeriod, Trunk
from app.lines.planned import LineIn, PlanIn


@dataclass(frozen=True)
class TakeOver:
    """What became of a plan: numbers of lines by what happened to them. All empty: it was known already."""

    added: list[str]
    changed: list[str]
    left: list[str]

    @property
    def is_nothing(self) -> bool:
        return not (self.added or self.changed or self.left)


def objections(session: Session, plan: PlanIn) -> list[str]:
    """What forbids this plan's lines (R12, R15, emergency numbers), judged beside the lines known so far.

    To be asked before the plan is applied: what is applied already is taken over as it is.
    """
    known = set(session.scalars(select(Line.number))) | set(session.scalars(select(LineAlias.number)))
    return [text for line in plan.lines for text in objections_to(line.as_planned(is_new=line.number not in known))]


def take_over(session: Session, plan: PlanIn, now: datetime) -> TakeOver:
    """Lines, periods, aliases and trunks as this plan says. Twice changes nothing.

    A line that left the plan stays, without periods: calls and tickets name it (R11).
    """
    _replace_trunks(session, plan)
    before = {line.number: line for line in session.scalars(select(Line))}
    outlines = {number: _outline(session, line) for number, line in before.items() if line.plan == plan.name}
    left = sorted(outlines.keys() - {line.number for line in plan.lines})
    _drop_dated(session, plan.name)
    for number in left:
        before[number].plan = ""
    added, changed = [], []
    for wanted in plan.lines:
        line = before.get(wanted.number)
        if line is None:
            added.append(wanted.number)
            line = Line(number=wanted.number, unit_name="")
            session.add(line)
        _write(session, line, wanted, plan.name)
        session.flush()
        if wanted.number not in added and _outline(session, line) != outlines.get(wanted.number):
            changed.append(wanted.number)
        if wanted.number in (*added, *changed):
            line.taken_over_at = now
    session.flush()
    return TakeOver(added, changed, left)


def _replace_trunks(session: Session, plan: PlanIn) -> None:
    session.execute(delete(Trunk).where(Trunk.plan == plan.name))
    for trunk in plan.trunks:
        row = Trunk(plan=plan.name, name=trunk.name, label=trunk.label, kind=trunk.kind)
        row.line_number, row.dials_out = trunk.line or "", trunk.outbound is not None
        session.add(row)
    session.flush()


def _drop_dated(session: Session, plan_name: str) -> None:
    session.execute(delete(LinePeriod).where(LinePeriod.plan == plan_name))
    session.execute(delete(LineAlias).where(LineAlias.plan == plan_name))


def _write(session: Session, line: Line, wanted: LineIn, plan_name: str) -> None:
    line.name, line.queue, line.category, line.plan = wanted.name, wanted.queue, wanted.category, plan_name
    line.unit_name = line.unit_name if wanted.unit_name is None else wanted.unit_name
    line.access_code = wanted.access_code or ""
    line.reason, line.approved_by = wanted.reason or "", wanted.approved_by or ""
    session.flush()
    for period in wanted.periods:
        values = period.model_dump(exclude={"trunk"})
        session.merge(LinePeriod(line_number=line.number, trunk=period.trunk or "", plan=plan_name, **values))
    for alias in wanted.aliases:
        session.merge(LineAlias(line_number=line.number, plan=plan_name, note="", **alias.model_dump()))


def _outline(session: Session, line: Line) -> list[object]:
    """Everything of a line that people can see, to be compared."""
    own = [line.name, line.queue, line.category, line.unit_name, line.access_code, line.reason, line.approved_by]
    dated: list[object] = []
    for model in (LinePeriod, LineAlias):
        query = select(*model.__table__.columns).filter_by(line_number=line.number)
        dated += sorted(map(str, session.execute(query)))
    return [*own, line.plan, *dated]
