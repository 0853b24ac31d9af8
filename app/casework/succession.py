"""A unit is dissolved (撤并): its successor takes over what is open, and the catalogue points to it from now on.

What the old unit did stays in its own name: its legs end, the successor's begin where those stood, and the ticket's
history says why. Deadlines run on. Asked again, nothing is left to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.accounts.models import User
from app.casework.proposal import is_barred
from app.catalogue.editing import Edited, EntryRefused, edit_entry, get_entry
from app.catalogue.models import DispatchRule, RuleStatus, Unit, UnitKind
from app.deadlines.models import TicketClock
from app.platform.database import Database
from app.tickets.models import Assignment, AssignmentKind, AssignmentStatus, Ticket
from app.tickets.moving import change_ticket

ACTION = "succeeded"
"""What the history calls the change of hands."""


@dataclass
class Succession:
    """What was taken over. `to_superior`: tickets about the successor, which its superior gets (回避)."""

    led: int = 0
    supported: int = 0
    to_superior: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    accounts: int = 0
    """People who still belong to the dissolved unit: somebody has to give them another, or switch them off."""


def dissolve_unit(
    session: Session, code: str, successor_code: str, *, reason: str, actor: Actor, now: datetime
) -> Succession:
    """Hand everything over, in one transaction. Raises NotFound, EntryRefused (a successor that cannot be one)."""
    unit = get_entry(session, Unit, code, is_locked=True)
    units = {one.code: one for one in session.scalars(select(Unit).order_by(Unit.code))}
    heir = units.get(successor_code)
    if told := why_unfit(unit, heir, units):
        raise EntryRefused({"successor_code": told})
    assert heir is not None  # noqa: S101 - narrows
    return _HandOver(session, unit, heir, units, reason, actor, now).make()


class _Undone(Exception):
    """Takes a preview back."""


def preview(
    database: Database, code: str, successor_code: str, *, reason: str, actor: Actor, now: datetime
) -> Succession:
    """What would be taken over: the deed itself, undone. Raises what `dissolve_unit` raises."""
    try:
        with database.transaction() as session:
            done = dissolve_unit(session, code, successor_code, reason=reason, actor=actor, now=now)
            raise _Undone
    except _Undone:
        return done


def why_unfit(unit: Unit, heir: Unit | None, units: Mapping[str, Unit]) -> str:
    """Why it cannot take over, in Chinese; empty: it can."""
    if heir is None:
        return "没有这个单位"
    if not heir.is_active:
        return f"{heir.name}已停用，不能接办"
    if UnitKind.PLATFORM in {heir.kind, unit.kind}:
        return "热线工作机构不承办工单，不能撤并或接办"
    return f"{heir.name}是{unit.name}本身或其下属，请先调整上级单位" if is_barred(heir, unit.code, units) else ""


@dataclass(frozen=True)
class _HandOver:
    """One unit's matters on their way to another."""

    session: Session
    unit: Unit
    heir: Unit
    units: Mapping[str, Unit]
    reason: str
    actor: Actor
    now: datetime
    done: Succession = field(default_factory=Succession)

    def make(self) -> Succession:
        done, code = self.done, self.unit.code
        self._units()
        self._rules()
        legs = select(Assignment).where(Assignment.unit_code == code, Assignment.ended_at.is_(None))
        for leg in self.session.scalars(legs.order_by(Assignment.ticket_id, Assignment.id)).all():
            self._leg(leg)
        people = select(func.count()).select_from(User).where(User.unit_code == code, User.is_active)
        done.accounts = self.session.scalar(people) or 0
        if done.led or done.supported or done.rules or done.units:
            detail = {"to": self.heir.code, "reason": self.reason, "tickets": done.led + done.supported}
            audit.record(
                self.session, self.actor, "unit_dissolved", at=self.now, object_type="unit", object_id=code,
                detail=detail,
            )  # fmt: skip
        return done

    def _units(self) -> None:
        """The unit itself, those below it, and those whose substitute it was."""
        unit, heir = self.unit, self.heir
        changes: dict[str, dict[str, Any]] = {}
        if unit.is_active or unit.substitute_code != heir.code:
            changes[unit.code] = {"is_active": False, "substitute_code": heir.code}
        for one in self.units.values():
            if one.parent_code == unit.code:
                changes.setdefault(one.code, {})["parent_code"] = heir.code
            if one.substitute_code == unit.code:
                changes.setdefault(one.code, {})["substitute_code"] = None if one is heir else heir.code
        for code in sorted(changes, key=lambda code: code == unit.code):  # who pointed to it first: no circle
            self._edit(Unit, self.units[code], changes[code])
        self.done.units = sorted(changes)

    def _rules(self) -> None:
        unit, heir = self.unit.code, self.heir.code
        named = or_(DispatchRule.lead_unit_code == unit, DispatchRule.supporting_unit_codes.contains(unit))
        query = select(DispatchRule).where(named, DispatchRule.status != RuleStatus.RETIRED)
        for rule in self.session.scalars(query.order_by(DispatchRule.code)).all():
            lead = heir if rule.lead_unit_code == unit else rule.lead_unit_code
            named_codes = [heir if one == unit else one for one in rule.supporting_unit_codes.split()]
            supporting = " ".join(dict.fromkeys(one for one in named_codes if one != lead))
            before = rule.version
            self._edit(DispatchRule, rule, {"lead_unit_code": lead, "supporting_unit_codes": supporting})
            if rule.version != before:
                self.done.rules.append(rule.code)

    def _edit(self, model: type[Edited], row: Edited, values: Mapping[str, Any]) -> None:
        edit_entry(self.session, model, row.code, values, version=row.version, actor=self.actor.name, now=self.now)

    def _leg(self, leg: Assignment) -> None:
        session, done = self.session, self.done
        ticket = session.get_one(Ticket, leg.ticket_id, with_for_update=True, populate_existing=True)
        taker = self._taker(ticket)
        if taker is not self.heir:
            done.to_superior.append(ticket.ticket_number)
        beside = session.scalar(
            select(Assignment).where(
                Assignment.ticket_id == ticket.id, Assignment.unit_code == taker.code, Assignment.ended_at.is_(None)
            )
        )
        is_lead = leg.kind == AssignmentKind.LEAD
        successor = self._same_leg(leg, taker)
        ended = [leg, beside] if is_lead and beside is not None else [leg]
        for one in ended:
            one.status, one.ended_at = AssignmentStatus.CLOSED, self.now
        session.flush()
        if beside is None or is_lead:
            session.add(successor)
        changed = {"lead_unit_code": [ticket.lead_unit_code, taker.code]} if is_lead else {}
        noted: dict[str, list[Any]] = {"单位撤并": [self.unit.name, taker.name], "说明": [None, self.reason]}
        change_ticket(session, ticket, changed, actor=self.actor.name, action=ACTION, now=self.now, noted=noted)
        if is_lead:  # deadlines run on, and are the taker's from now on
            open_clocks = update(TicketClock).where(
                TicketClock.ticket_id == ticket.id, TicketClock.stopped_at.is_(None)
            )
            session.execute(open_clocks.where(TicketClock.unit_code == leg.unit_code).values(unit_code=taker.code))
        done.led, done.supported = done.led + is_lead, done.supported + (not is_lead)

    def _taker(self, ticket: Ticket) -> Unit:
        """The successor; of a ticket that is about it, or about what stands above it, whoever stands above that."""
        taker, about = self.heir, ticket.complained_unit_code
        while taker.parent_code in self.units and (is_barred(taker, about, self.units) or not taker.is_active):
            taker = self.units[taker.parent_code or ""]
        return taker

    def _same_leg(self, leg: Assignment, taker: Unit) -> Assignment:
        """The successor's leg stands where the old one stood."""
        return Assignment(
            ticket_id=leg.ticket_id, unit_code=taker.code, kind=leg.kind, status=leg.status, task=leg.task,
            due_on=leg.due_on, assigned_by=self.actor.name, assigned_at=self.now, signed_by=leg.signed_by,
            signed_at=leg.signed_at, report=leg.report, reported_by=leg.reported_by, reported_at=leg.reported_at,
            why=[["单位撤并", f"{self.unit.name}已撤并，由{taker.name}接办"]],
        )  # fmt: skip
