"""Use cases of flows. Each change leaves an entry in the audit log; the node keeps who, when and why too."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.contract import flows as told
from app.flows.commands import FlowCommands
from app.flows.schemas import PublishIn, RollBackIn
from app.operations.service import clean_reason
from app.platform.clock import to_shanghai


def publish(
    session: Session, commands: FlowCommands, actor: Actor, name: str, body: PublishIn, *, now: datetime
) -> told.Version:
    """Put a text in force for new calls. ReasonMissing, FlowUnfit with every problem, FlowRefused."""
    note = clean_reason(body.note)
    since = body.since.isoformat() if body.since else ""
    made = commands.publish(name, body.text, note=note, by=actor.name, line=body.line, since=since)
    detail = {"why": note, "version": made.number, "line": body.line, "since": since}
    audit.record(session, actor, "flow_published", at=now, object_type="flow", object_id=name, detail=detail)
    return made


def roll_back(
    session: Session, commands: FlowCommands, actor: Actor, name: str, body: RollBackIn, *, now: datetime
) -> told.Activation:
    """Put an earlier version in force again; of a line, what answered it before. ReasonMissing, FlowRefused."""
    note = clean_reason(body.note)
    back = commands.roll_back(name, note=note, by=actor.name, line=body.line, to=body.version)
    detail = {"why": note, "version": back.version, "line": body.line}
    audit.record(session, actor, "flow_rolled_back", at=now, object_type="flow", object_id=name, detail=detail)
    return back


def set_switch(
    session: Session, commands: FlowCommands, actor: Actor, name: str, *, is_on: bool, note: str, now: datetime
) -> told.Switches:
    """Switch something on or off for all flows, at once. ReasonMissing, FlowUnfit."""
    note = clean_reason(note)
    switches = commands.switch(name, is_on=is_on, note=note, by=actor.name)
    detail = {"why": note, "is_on": is_on}
    audit.record(session, actor, "flow_switched", at=now, object_type="flow_switch", object_id=name, detail=detail)
    return switches


def first_day(now: datetime, days: int) -> date:
    """The first of so many days up to today, Asia/Shanghai."""
    return to_shanghai(now).date() - timedelta(days=days - 1)
