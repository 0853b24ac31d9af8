"""Counting rates and listing what was counted: one set of conditions for both, so that they cannot differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, not_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import True_

from app.accounts.auth import Actor
from app.accounts.rules import OF_A_UNIT
from app.accounts.scope import of_people
from app.calls.models import Call
from app.evaluation.rates import Rate
from app.evaluation.sources import COUNTY_DIGITS, Source
from app.platform.clock import SHANGHAI
from app.tickets.access import Holding, holding_of, visible
from app.tickets.models import Ticket, TicketStatus
from app.tickets.shown import LISTED_TITLE

NOBODY = ""
"""The group of rows without a unit or a region."""


class Grouping(StrEnum):
    """All together, by the unit that handled, by county."""

    TOTAL = "total"
    UNIT = "unit"
    REGION = "region"


class Part(StrEnum):
    """Which rows of a rate: the denominator, the numerator, or what is missing between them."""

    COUNTED = "counted"
    REACHED = "reached"
    MISSED = "missed"


@dataclass(frozen=True)
class Month:
    """A calendar month of Asia/Shanghai."""

    year: int
    month: int

    @property
    def begins(self) -> datetime:
        return datetime.combine(date(self.year, self.month, 1), time.min, SHANGHAI)

    @property
    def ends(self) -> datetime:
        """The first moment that is not in it."""
        return self.after(1).begins

    def after(self, months: int) -> "Month":
        """So many months later; negative: before."""
        years, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(years, month + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True)
class Figure:
    """One figure. `weighed` rows of the numerator count with a weight of their own."""

    denominator: int = 0
    numerator: int = 0
    weighed: int = 0

    def percent(self, weight: float = 1.0) -> float | None:
        """With one decimal; None: nothing was counted."""
        if not self.denominator:
            return None
        return round(100 * (self.numerator - self.weighed * (1 - weight)) / self.denominator, 1)


@dataclass(frozen=True)
class Figures:
    """Side by side."""

    raw: Figure = Figure()
    adjusted: Figure = Figure()


@dataclass(frozen=True)
class Question:
    """Of which month, as who may see it, at which moment; of one unit or county alone."""

    month: Month
    actor: Actor
    now: datetime
    unit: str | None = None
    county: str | None = None


@dataclass(frozen=True)
class Received:
    """What came in: 件 are matters, 人次 every citizen's own ticket, those merged into another matter too."""

    matters: int = 0
    citizens: int = 0
    urges: int = 0
    """How often citizens asked again for these (催办)."""


@dataclass(frozen=True)
class Selected:
    """A row that was counted. Without a ticket's number: a call, or a ticket that is not for this person's eyes."""

    row_id: int
    at: datetime
    unit_code: str
    ticket_id: int | None
    ticket_number: str
    title: str
    call_id: str


def count_rates(
    session: Session, rates: Sequence[Rate], question: Question, by: Grouping = Grouping.TOTAL
) -> dict[str, dict[str, Figures]]:
    """Group → rate → figures; one query for each source. Calls belong to no unit or region: they stand in the
    total, and their figures are the whole city's, for who is bound to a region too.
    """
    found: dict[str, dict[str, Figures]] = {}
    holding = holding_of(session, question.actor)
    for source in dict.fromkeys(rate.source for rate in rates):
        if not source.is_of_tickets and (by is not Grouping.TOTAL or question.unit or question.county):
            continue
        of_source = [rate for rate in rates if rate.source is source]
        group = _group(source, by)
        columns = [
            func.count().filter(condition) for rate in of_source for condition in _conditions(rate, question.now)
        ]
        query = _rows(
            source,
            question,
            holding,
            select(group, *columns),
            has_ticket=by is Grouping.REGION and source.region is None,
        )
        for name, *counts in session.execute(query if by is Grouping.TOTAL else query.group_by(group)):
            for number, rate in enumerate(of_source):
                six = counts[6 * number : 6 * number + 6]
                found.setdefault(name or NOBODY, {})[rate.key] = Figures(Figure(*six[:3]), Figure(*six[3:]))
    return found


def count_received(session: Session, question: Question) -> Received:
    """Tickets opened in the month that this person may see, drafts left out; a unit's are those that it leads."""
    month, holding = question.month, holding_of(session, question.actor)
    query = select(
        func.count().filter(Ticket.merged_into_id.is_(None)), func.count(),
        func.coalesce(func.sum(Ticket.urge_count), 0),
    ).where(
        Ticket.created_at >= month.begins, Ticket.created_at < month.ends, Ticket.status != TicketStatus.DRAFT,
        visible(question.actor, holding),
    )  # fmt: skip
    if question.unit is not None:
        query = query.where(Ticket.lead_unit_code == question.unit)
    if question.county is not None:
        query = query.where(func.substr(Ticket.region_code, 1, COUNTY_DIGITS) == question.county)
    return Received(*session.execute(query).one())


def list_counted(
    session: Session, rate: Rate, question: Question, *, part: Part, is_adjusted: bool, after: int = 0, limit: int = 50
) -> list[Selected]:
    """Exactly the rows that this part of the rate counts, in the order of their ids, after the row `after`.

    What is not for this person's eyes is counted without being named: returned tickets, calls of other regions' people.
    """
    counted, reached, _ = _conditions(rate, question.now)[3:] if is_adjusted else _conditions(rate, question.now)[:3]
    wanted = {
        Part.COUNTED: counted,
        Part.REACHED: reached,
        Part.MISSED: and_(counted, not_(func.coalesce(reached, false()))),
    }[part]
    source, holding = rate.source, holding_of(session, question.actor)
    columns: list[Any] = [source.model.id, source.moment]
    if source.is_of_tickets:
        seen = visible(question.actor, holding)
        number, title = (case((seen, column), else_="") for column in (Ticket.ticket_number, LISTED_TITLE))
        columns += [source.unit, case((seen, Ticket.id)), number, title, literal("")]
    else:
        seen = of_people(question.actor, Call.agent)
        ticket_id, call_id = case((seen, Call.ticket_id)), case((seen, Call.call_id), else_="")
        columns += [literal(""), ticket_id, literal(""), literal(""), call_id]
    query = _rows(source, question, holding, select(*columns), has_ticket=True)
    query = query.where(wanted, source.model.id > after).order_by(source.model.id).limit(limit)
    return [Selected(row_id, at, unit or "", *rest) for row_id, at, unit, *rest in session.execute(query)]


def _conditions(rate: Rate, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Counted, reached, weighed; and the same adjusted."""
    counted = rate.counted(now)
    adjusted = and_(counted, rate.source.kept())
    if rate.counted_adjusted is not None:
        adjusted = and_(adjusted, rate.counted_adjusted)
    reached = rate.reached_adjusted if rate.reached_adjusted is not None else rate.reached
    return (
        counted, and_(counted, rate.reached), _also(counted, rate.weighed),
        adjusted, and_(adjusted, reached), _also(adjusted, rate.weighed_adjusted),
    )  # fmt: skip


def _also(counted: ColumnElement[bool], weighed: ColumnElement[bool] | None) -> ColumnElement[bool]:
    return false() if weighed is None else and_(counted, weighed)


def _group(source: Source, by: Grouping) -> ColumnElement[Any]:
    match by:
        case Grouping.UNIT:
            unit: ColumnElement[Any] = source.unit
            return unit
        case Grouping.REGION:
            return source.county
        case Grouping.TOTAL:
            return literal(NOBODY)


def _rows(source: Source, question: Question, holding: Holding, query: Select[Any], *, has_ticket: bool) -> Select[Any]:
    """The source's rows of the month that this person may have counted; its ticket beside where that is needed."""
    scope = source.scope(question.actor, holding)
    in_month = source.moment >= question.month.begins, source.moment < question.month.ends
    query = query.select_from(source.model).where(*in_month)
    if source.only is not None:
        query = query.where(source.only)
    is_by_ticket = question.actor.role not in OF_A_UNIT and not isinstance(scope, True_)
    if source.is_of_tickets:
        if has_ticket or is_by_ticket or (question.county is not None and source.region is None):
            query = query.join(Ticket, Ticket.id == source.ticket_id)
        query = query.where(scope)
    if question.unit is not None:
        query = query.where(source.unit == question.unit)
    if question.county is not None:
        query = query.where(source.county == question.county)
    return query
