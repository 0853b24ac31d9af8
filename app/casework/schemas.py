"""What the API of handling takes and gives."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.casework.case import Case
from app.casework.duplicates import Likeness
from app.casework.fields import FormField, fields_of
from app.casework.forms import Form, Words
from app.casework.models import CitizenNotice
from app.casework.proposal import Proposal
from app.contract.masks import mask_text, mask_value
from app.tickets.models import TicketStatus
from app.tickets.shown import Eyes
from app.tickets.states import Duty, Move

Said = Annotated[str, AfterValidator(mask_text)]
"""People's own words: numbers in them are masked."""


class MoveIn(BaseModel):
    """What the move's form asks for; `GET …/moves` names the fields."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"given": {"reason": "不属于本单位职责"}}]}
    )

    given: dict[str, Any] = Field(default={}, description="field → value, as the move's form says")


class MoveOut(BaseModel):
    """One move that is possible now."""

    verb: str
    text: str = Field(description="what it is called, Chinese")
    target: TicketStatus = Field(description="the status that it leads to")
    duty: Duty
    fields: list[FormField]

    @classmethod
    def of(cls, move: Move) -> "MoveOut":
        return cls(verb=move.verb, text=move.text, target=move.target, duty=move.duty, fields=fields_of(move.verb))


class MoveList(BaseModel):
    status: TicketStatus
    version: int = Field(description="for If-Match")
    items: list[MoveOut]


class _Row(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LegOut(_Row):
    """One unit's leg of a ticket."""

    id: int
    unit_code: str
    kind: str = Field(description="lead (主办) or supporting (协办)")
    status: str = Field(description="assigned, signed, reported, returned or closed")
    task: str
    due_on: date | None
    assigned_by: str
    assigned_at: datetime
    signed_at: datetime | None
    report: Said
    reported_at: datetime | None
    ended_at: datetime | None
    why: list[Any] = Field(description="the trace of the proposal: [title, text] pairs")


class RequestOut(_Row):
    """What a unit asked for."""

    id: int
    unit_code: str
    kind: str
    status: str
    detail: Annotated[dict[str, Any], AfterValidator(mask_value)]
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision: Said


class ContactOut(_Row):
    unit_code: str
    at: datetime
    by: str
    channel: str
    is_reached: bool
    note: Said


class ReplyOut(_Row):
    round: int
    to_platform: Said
    to_citizen: Said
    result: str
    told_how: str
    drafted_by: str
    drafted_at: datetime
    approved_by: str
    approved_at: datetime | None


class FollowUpOut(_Row):
    ticket_id: int
    round: int
    at: datetime
    by: str
    channel: str
    is_reached: bool
    is_solved: bool | None
    satisfaction: str
    reason: Said


class NoticeOut(_Row):
    ticket_id: int
    at: datetime
    action: str
    text: Said


class CaseOut(BaseModel):
    """How a ticket is handled."""

    ticket_id: int
    status: TicketStatus
    version: int
    legs: list[LegOut]
    requests: list[RequestOut]
    contacts: list[ContactOut]
    reply: ReplyOut | None = Field(description="of this round of handling")
    followers: list[str] = Field(description="numbers of the tickets merged into this one: each citizen keeps his own")
    follow_ups: list[FollowUpOut]
    notices: list[NoticeOut]

    @classmethod
    def of(cls, case: Case, notices: list[CitizenNotice], eyes: Eyes) -> "CaseOut":
        """The case as this person sees it."""
        out = cls(
            ticket_id=case.ticket.id,
            status=TicketStatus(case.ticket.status),
            version=case.ticket.version,
            legs=[LegOut.model_validate(row) for row in case.legs],
            requests=[RequestOut.model_validate(row) for row in case.requests],
            contacts=[ContactOut.model_validate(row) for row in case.contacts],
            reply=ReplyOut.model_validate(case.reply) if case.reply else None,
            followers=[ticket.ticket_number for ticket in case.followers],
            follow_ups=[FollowUpOut.model_validate(row) for row in case.follow_ups],
            notices=[NoticeOut.model_validate(row) for row in notices],
        )
        return cls.model_validate(eyes.value(out.model_dump())) if eyes.names else out


class StepOut(BaseModel):
    title: str
    text: str


class ProposalOut(BaseModel):
    """Who should lead, and why."""

    lead_unit_code: str | None
    lead_unit_name: str
    supporting_unit_codes: list[str]
    steps: list[StepOut] = Field(description="the reasoning, step by step, Chinese")

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalOut":
        return cls(
            lead_unit_code=proposal.lead.code if proposal.lead else None,
            lead_unit_name=proposal.lead.name if proposal.lead else "",
            supporting_unit_codes=[unit.code for unit in proposal.supporting],
            steps=[StepOut(title=step.title, text=step.text) for step in proposal.steps],
        )


class LikenessOut(BaseModel):
    """A ticket that may be about the same matter."""

    id: int
    ticket_number: str
    title: Said
    status: TicketStatus
    score: int = Field(description="0 to 100")
    reasons: list[str] = Field(description="Chinese")

    @classmethod
    def of(cls, one: Likeness) -> "LikenessOut":
        other = one.ticket
        return cls(
            id=other.id, ticket_number=other.ticket_number, title=other.listed_title, status=TicketStatus(other.status),
            score=one.score, reasons=list(one.reasons),
        )  # fmt: skip


class LikenessList(BaseModel):
    items: list[LikenessOut] = Field(description="the most alike first, five at most")


class DissolveIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    successor_code: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="the unit that takes over")
    reason: Words = Field(min_length=4, max_length=300, description="kept in each ticket's history")


class SuccessionOut(_Row):
    """What the successor has taken over."""

    led: int = Field(description="tickets that it leads now")
    supported: int = Field(description="tickets that it supports now, or supported already")
    to_superior: list[str] = Field(description="numbers of tickets about the successor: its superior has them (回避)")
    rules: list[str] = Field(description="codes of dispatch rules that name it now")
    units: list[str] = Field(description="codes of units that were changed: the old one, those below it, substitutes")
    accounts: int = Field(description="people who still belong to the dissolved unit")


class ReportIn(Form):
    report: Words = Field(min_length=4, max_length=2000, description="what the supporting unit has done")


class UrgeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Words = Field(min_length=2, max_length=300, description="what the citizen says; the unit reads it")
    call_id: str | None = Field(default=None, min_length=1, max_length=64, description="the call that he urges by")


class Counts(BaseModel):
    """件 and 人次 are two things."""

    matters: int = Field(description="件: tickets that were not merged into another")
    citizens: int = Field(description="人次: every citizen's own ticket")
