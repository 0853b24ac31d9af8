"""What synthetic lives happen in: reference data, rules, people, and the units that the catalogue proposes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.scope import stem_of
from app.casework.proposal import Matter, holds, propose
from app.catalogue.models import DispatchRule, Region, RuleStatus, Subject, Unit, UnitKind
from app.cli.synthetic.spread import day_of
from app.cli.synthetic.times import EPOCH, Timetable
from app.deadlines.models import TicketClock
from app.deadlines.profile import ClockKind
from app.deadlines.terms import Term
from app.deadlines.versions import load_calendar, load_rules
from app.platform.clock import to_shanghai
from app.tickets.models import NumberCounter, Ticket
from app.tickets.numbers import number_of
from app.tickets.rules import is_county_or_below

NAME_PREFIX = "test-"
"""Every synthetic person's username begins so; the application never gives out such an account by itself."""
AGENTS, DISPATCHERS, REVIEWERS, FOLLOWERS = 60, 6, 4, 8
SUPERVISOR = f"{NAME_PREFIX}supervisor"
MOST_SUPPORTS = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """Who leads, who supports, and the trace as the lead's leg keeps it."""

    lead: str
    supports: tuple[str, ...]
    why: str


class World:
    """Everything that is the same for all lives. `since` and `until` are seconds since 1970."""

    def __init__(self, session: Session, *, region_code: str, since: int, until: int) -> None:
        rules = load_rules(session)
        self.region_code, self.since, self.until = region_code, since, until
        self.profile, self.profile_id = rules.profile, rules.id
        self.timetable = Timetable(load_calendar(session), rules.profile, since, until)
        self.units: Mapping[str, Unit] = {
            unit.code: _plain(unit) for unit in session.scalars(select(Unit).order_by(Unit.code))
        }
        self.names = {code: unit.name for code, unit in self.units.items()}
        self.handlers = [u.code for u in self.units.values() if u.is_active and u.kind == UnitKind.DEPARTMENT]
        self.subjects = list(
            session.execute(select(Subject.code, Subject.name).where(Subject.level == 3).order_by(Subject.code))
        )
        places = select(Region.code, Region.name).where(Region.code.startswith(stem_of(region_code)))
        rows = session.execute(places.order_by(Region.code))
        self.places = [(code, name) for code, name in rows if is_county_or_below(code)]
        active = select(DispatchRule).where(DispatchRule.status == RuleStatus.ACTIVE)
        self._rules: list[DispatchRule] = [_plain(rule) for rule in session.scalars(active.order_by(DispatchRule.code))]
        self._rules_of = cache(lambda subject: [rule for rule in self._rules if holds(rule.subject_code, subject)])
        self._day = to_shanghai(datetime.fromtimestamp(until, UTC)).date()
        self.first_clock = (session.scalar(select(func.max(TicketClock.id))) or 0) + 1
        self.first_ticket = (session.scalar(select(func.max(Ticket.id))) or 0) + 1
        self.counters: dict[str, int] = dict(session.execute(select(NumberCounter.day, NumberCounter.last)).all())
        self.day_key = cache(self._day_key)
        self.choose = lru_cache(50_000)(self._choose)
        self.term = lru_cache(200)(self._term)

    def number(self, opened: int, of_day: int) -> str:
        """The number of the ticket that comes after `of_day` others on its day."""
        key = self.day_key(day_of(opened))
        return number_of(key, self.counters.get(key, 0) + of_day + 1)

    def _day_key(self, day: int) -> str:
        """How the counter of this day is called (days since 1970)."""
        return f"{self.region_code}{date.fromordinal(day + EPOCH):%y%m%d}"

    def _term(self, kind: ClockKind, ticket_type: str, urgency: str) -> Term | None:
        """How long this clock runs, as `OpenClocks.start` finds it."""
        if kind is not ClockKind.REWORK:
            return self.profile.find_term(kind, ticket_type=ticket_type, urgency=urgency)
        reply = self.profile.find_term(ClockKind.REPLY, ticket_type=ticket_type, urgency=urgency)
        return self.profile.rework_term(reply) if reply else None

    def _choose(self, subject: str, region: str, complained: str | None, returned_by: frozenset[str]) -> Choice | None:
        """Whom the catalogue proposes; None: nobody."""
        matter = Matter(subject, region, complained, first_receiver=None, returned_by=returned_by)
        proposal = propose(matter, self.units, self._rules_of(subject), self._day)
        if proposal.lead is None:
            return None
        supports = tuple(unit.code for unit in proposal.supporting[:MOST_SUPPORTS])
        why = json.dumps([list(step) for step in proposal.steps], ensure_ascii=False)
        return Choice(proposal.lead.code, supports, why)


def _plain(row: Unit | DispatchRule) -> Any:
    """Its columns without the session behind them: they are read a million times."""
    return SimpleNamespace(**{column.name: getattr(row, column.name) for column in row.__table__.columns})
