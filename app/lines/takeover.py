"""Copy the lines of an applied plan into the store. The plan is the source; the store follows, and refuses nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.contract.line_rules import objections_to
from app.lines.models import Line, LineAlias, LinePeriod, Trunk
from app.lines.planned import LineIn, PlanIn
from app.platform.plan_words import keep_words


@dataclass
class TakeOver:
    """What became of a plan: numbers of lines by what happened to them. All empty: it was known already."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

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
    """Lines, periods, aliases, trunks and words as this plan says. Twice changes nothing; a line alike is not written.

    A line that left the plan stays, without periods: calls and tickets name it (R11).
    """
    _replace_trunks(session, plan)
    known = {line.number: line for line in session.scalars(select(Line).order_by(Line.number).with_for_update())}
    dated = _dated_of(session, plan.name)
    taken = TakeOver()
    for wanted in plan.lines:
        line = known.get(wanted.number)
        if line is None:
            taken.added.append(wanted.number)
            line = Line(number=wanted.number, unit_name="", category=wanted.category, name=wanted.name)
            session.add(line)
        elif _is_as(line, dated.get(line.number, set()), wanted, plan.name):
            continue
        else:
            taken.changed.append(wanted.number)
        _write(session, line, wanted, plan.name, now)
    numbers = {line.number for line in plan.lines}
    taken.left = sorted(n for n, line in known.items() if line.plan == plan.name and n not in numbers)
    for number in taken.left:
        known[number].plan = ""
    _drop_dated(session, taken.left, plan.name)
    session.flush()
    others = session.scalars(select(Line.plan).where(Line.plan.not_in(["", plan.name])).distinct()).all()
    keep_words(session, plan.name, plan.words, others=others)
    return taken


def _replace_trunks(session: Session, plan: PlanIn) -> None:
    session.execute(delete(Trunk).where(Trunk.plan == plan.name))
    for trunk in plan.trunks:
        row = Trunk(plan=plan.name, name=trunk.name, label=trunk.label, kind=trunk.kind)
        row.line_number, row.dials_out = trunk.line or "", trunk.outbound is not None
        session.add(row)


Rows = set[tuple[object, ...]]


def _row(one: LinePeriod | LineAlias) -> tuple[object, ...]:
    return tuple(str(getattr(one, column.name)) for column in one.__table__.columns)


def _dated_of(session: Session, plan_name: str) -> dict[str, Rows]:
    """Periods and aliases that this plan has brought, by line."""
    found: dict[str, Rows] = {}
    periods = session.scalars(select(LinePeriod).where(LinePeriod.plan == plan_name))
    aliases = session.scalars(select(LineAlias).where(LineAlias.plan == plan_name))
    for one in (*periods, *aliases):
        found.setdefault(one.line_number, set()).add(_row(one))
    return found


def _is_as(line: Line, dated: Rows, wanted: LineIn, plan_name: str) -> bool:
    values = _values(line, wanted, plan_name)
    is_same = all(getattr(line, name) == value for name, value in values.items())
    return is_same and dated == {_row(one) for one in _dated(wanted, plan_name)}


def _values(line: Line, wanted: LineIn, plan_name: str) -> dict[str, str]:
    """Columns of the line. A plan that names no unit leaves the one that is known."""
    return {
        "name": wanted.name,
        "queue": wanted.queue,
        "category": wanted.category,
        "unit_name": line.unit_name if wanted.unit_name is None else wanted.unit_name,
        "access_code": wanted.access_code or "",
        "reason": wanted.reason or "",
        "approved_by": wanted.approved_by or "",
        "plan": plan_name,
    }


def _dated(wanted: LineIn, plan_name: str) -> list[LinePeriod | LineAlias]:
    own = {"line_number": wanted.number, "plan": plan_name}
    periods = [
        LinePeriod(**own, trunk=period.trunk or "", **period.model_dump(exclude={"trunk"})) for period in wanted.periods
    ]
    return [*periods, *(LineAlias(**own, note="", **alias.model_dump()) for alias in wanted.aliases)]


def _write(session: Session, line: Line, wanted: LineIn, plan_name: str, now: datetime) -> None:
    for name, value in _values(line, wanted, plan_name).items():
        setattr(line, name, value)
    line.taken_over_at = now
    session.flush()
    session.execute(delete(LinePeriod).where(LinePeriod.line_number == line.number))
    session.execute(delete(LineAlias).where(LineAlias.line_number == line.number, LineAlias.plan == plan_name))
    session.add_all(_dated(wanted, plan_name))
    session.flush()


def _drop_dated(session: Session, numbers: Iterable[str], plan_name: str) -> None:
    for number in numbers:
        for model in (LinePeriod, LineAlias):
            session.execute(delete(model).where(model.line_number == number, model.plan == plan_name))
