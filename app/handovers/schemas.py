"""What the API of hand-overs and referrals takes and gives."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.contract.events import HandoverResult
from app.contract.masks import mask_number, mask_text
from app.handovers.models import Handover, Referral
from app.handovers.rules import explain
from app.tickets.models import Ticket, TicketStatus
from app.tickets.rules import SEES_ALL

Line = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f]*$")]
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
EmergencyNumber = Literal["110", "119", "120", "122"]


class HandoverOut(BaseModel):
    """One attempt to hand a call over, told by telephony alone."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    call_id: str
    target: str = Field(description="110, 119, 120, 122 or a line")
    agent: str = Field(description="username of who handed over")
    status: HandoverResult = Field(
        description="offered → answered → accepted | returned; or refused. What stays undecided is ours (returned)"
    )
    cause: str = Field(description="of a refusal: busy, no_answer, rejected, trunk_down, withdrawn or caller_gone")
    status_text: str = Field(description="the same for people, in Chinese")
    offered_at: datetime
    answered_at: datetime | None
    settled_at: datetime | None

    @classmethod
    def of(cls, row: Handover) -> "HandoverOut":
        """The row as the API tells it."""
        values = {name: getattr(row, name) for name in cls.model_fields if name != "status_text"}
        return cls(**values, status_text=explain(row.status, row.cause))


class HandoverList(BaseModel):
    items: list[HandoverOut] = Field(description="the latest first")
    next_cursor: str | None = Field(description="send it as `cursor` for the next page; null on the last one")


class TargetOut(BaseModel):
    """A number that a call can be handed over to."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    name: str
    category: str = Field(description="emergency, retained …")


class TargetList(BaseModel):
    items: list[TargetOut]


class TransferKind(StrEnum):
    """转接方式: the call itself was put through, or a work order was sent."""

    VOICE = "voice"
    TICKET = "ticket"


class ReferralIn(BaseModel):
    """A non-police matter (非警务类诉求), with the fields of the 110 linkage (国办发〔2022〕12号)."""

    model_config = ConfigDict(extra="forbid")

    source: EmergencyNumber = Field(default="110", description="who refers it")
    incident_number: str = Field(pattern=r"^[A-Za-z0-9_-]{4,40}$", description="警情编号; the key of idempotency")
    alarmed_at: AwareDatetime = Field(description="报警时间, with its time zone")
    address: Line = Field(default="", max_length=200, description="位置")
    caller_number: str = Field(default="", max_length=40, description="来电号")
    caller_name: Line = Field(default="", max_length=40)
    category: Line = Field(min_length=1, max_length=60, description="分流类别, e.g. 噪音扰民")
    transfer_kind: TransferKind = Field(description="转接方式: `voice` (话务) or `ticket` (工单)")
    content: Words = Field(min_length=2, max_length=5000, description="what the citizen said")
    consultation: Words = Field(default="", max_length=1000, description="会商单: what both sides agreed on")


class ReferralOut(BaseModel):
    """A referral and what has become of it (处置结果回传). Numbers are masked."""

    source: str
    incident_number: str
    alarmed_at: datetime
    category: str
    address: str
    transfer_kind: TransferKind
    caller_number: str = Field(description="138****5678")
    received_at: datetime
    ticket_number: str
    ticket_status: TicketStatus
    accepted_at: datetime | None = Field(description="when the platform accepted the matter")
    answer: str = Field(description="what the citizen was answered; empty while nothing is decided")
    is_waiting: bool = Field(description="nobody of the hotline has taken it yet")

    @classmethod
    def of(cls, referral: Referral, ticket: Ticket, *, is_listed: bool = False) -> "ReferralOut":
        """The referral with its ticket as it stands now; of a report a list tells no place, number or answer."""
        is_withheld = is_listed and ticket.is_report
        is_answered = ticket.status == TicketStatus.FINISHED and not is_withheld
        return cls(
            source=referral.source,
            incident_number=referral.incident_number,
            alarmed_at=referral.alarmed_at,
            category=referral.category,
            address="" if is_withheld else mask_text(referral.address),
            transfer_kind=TransferKind(referral.transfer_kind),
            caller_number="" if is_withheld else mask_number(referral.caller_number),
            received_at=referral.received_at,
            ticket_number=ticket.ticket_number,
            ticket_status=TicketStatus(ticket.status),
            accepted_at=ticket.accepted_at,
            answer=mask_text(ticket.answer) if is_answered else "",
            is_waiting=not ticket.accepted_by and ticket.status == TicketStatus.DRAFT,
        )


class TakeIn(BaseModel):
    """Who takes it; left out: who asks."""

    model_config = ConfigDict(extra="forbid")

    agent: str | None = Field(default=None, min_length=1, max_length=64, description="given to by a supervisor")


class TakenOut(BaseModel):
    """The matter is this agent's draft now."""

    ticket_id: int
    ticket_number: str
    agent: str


class ReferralList(BaseModel):
    items: list[ReferralOut] = Field(description="the newest first")
    next_cursor: str | None


def sees_referral(actor: Actor, referral: Referral) -> bool:
    """A machine sees what it sent itself; the hotline's own people see all, units nothing that is not theirs yet."""
    if actor.role is None:
        return referral.sent_by == actor.name
    return may_see_referrals(actor)


def may_see_referrals(actor: Actor) -> bool:
    """Whether this person works on whatever comes in."""
    return actor.role is Role.AGENT or actor.role in SEES_ALL
