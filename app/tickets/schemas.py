"""What the ticket API takes and gives."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.accounts.auth import Actor
from app.contract.masks import mask_number, mask_text
from app.tickets.access import Holding, sees_full_number
from app.tickets.models import Secrecy, Ticket, TicketHistory, TicketStatus, TicketType, Urgency
from app.tickets.shown import Eyes

WRITTEN = ("title", "address", "content", "demand", "answer")
"""Free texts: people write numbers into them."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
PhoneNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9-]{0,19}$")]


class TicketChanges(BaseModel):
    """Fields of the form; those that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    ticket_type: TicketType | None = Field(default=None, description="诉求类型")
    subject_code: str | None = Field(default=None, pattern=r"^\d{6}$", description="事项分类, six digits")
    region_code: str | None = Field(default=None, pattern=r"^\d{6}(\d{3}){0,2}$", description="事发区域")
    address: Line = Field(default="", max_length=200)
    title: Line = Field(default="", max_length=100)
    content: Words = Field(default="", max_length=5000, description="诉求内容; ten characters or more to be accepted")
    demand: Words = Field(default="", max_length=1000, description="诉求目的")
    answer: Words = Field(default="", max_length=5000, description="答复内容 of a consultation answered at once")
    secrecy: Secrecy = Field(default=Secrecy.PUBLIC, description="保密方式")
    needs_reply: bool = Field(default=True, description="是否回复")
    contact_name: Line = Field(default="", max_length=40)
    contact_number: PhoneNumber = Field(default="", description="a full number; a masked one is refused")
    urgency: Urgency = Field(default=Urgency.NORMAL, description="紧急程度")
    complained_unit_code: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]{1,40}$", description="被反映单位: the ticket never goes there"
    )

    def given(self) -> dict[str, Any]:
        """The fields that were sent, and only those."""
        return self.model_dump(exclude_unset=True)


class TicketSummary(BaseModel):
    """A row of the list. Numbers are masked except for who holds the caller; reports tell neither title nor number."""

    id: int
    ticket_number: str = Field(description="19 digits: region, day, running number, check digit")
    status: TicketStatus
    ticket_type: TicketType | None
    subject_code: str | None
    region_code: str | None
    title: str
    caller_number: str = Field(description="138****5678; empty: anonymous, or not told in lists (reports, secrecy)")
    original_line: str = Field(description="the hotline the citizen dialled")
    urgency: Urgency
    lead_unit_code: str | None = Field(description="主办单位")
    accepted_by: str = Field(description="username of the agent")
    version: int
    created_at: datetime
    updated_at: datetime
    accepted_at: datetime | None
    next_due_at: datetime | None = Field(description="when the first of its running clocks ends")

    @classmethod
    def of(cls, ticket: Ticket, actor: Actor, holding: Holding) -> "TicketSummary":
        """The row as this person sees it."""
        is_full = sees_full_number(actor, ticket, holding)
        number, title = ticket.listed_number, ticket.listed_title
        masked: dict[str, Any] = {
            "caller_number": number if is_full else mask_number(number),
            "title": title if is_full else mask_text(title),
        }
        return cls(**{name: getattr(ticket, name) for name in cls.model_fields if name not in masked}, **masked)


class TicketOut(TicketSummary):
    """A whole ticket. Its version is also the ETag."""

    query_code: str = Field(description="eight digits that the citizen keys to ask for progress; empty for units")
    source_channel: str
    call_id: str | None = Field(description="the call that opened it")
    contact_name: str
    contact_number: str = Field(description="masked like caller_number")
    address: str
    content: str
    demand: str
    answer: str
    secrecy: Secrecy
    needs_reply: bool
    merged_into_id: int | None
    complained_unit_code: str | None
    is_locked: bool = Field(description="designated: it may not be returned again")
    return_count: int
    redo_count: int
    extension_count: int
    urge_count: int = Field(description="how often the citizen asked again while it was under way (催办)")

    @classmethod
    def seen(cls, ticket: Ticket, actor: Actor, eyes: Eyes) -> "TicketOut":
        """The ticket as this person sees it."""
        masked: dict[str, Any] = {
            "caller_number": eyes.number(ticket.caller_number),
            "contact_number": eyes.number(ticket.contact_number),
            "contact_name": eyes.name(ticket.contact_name),
            **{name: eyes.words(getattr(ticket, name)) for name in WRITTEN},
            "query_code": "" if actor.unit else ticket.query_code,
        }
        return cls(**{name: getattr(ticket, name) for name in cls.model_fields if name not in masked}, **masked)


class TicketList(BaseModel):
    items: list[TicketSummary] = Field(description="the newest first")
    next_cursor: str | None = Field(description="send it as `cursor` for the next page; null on the last one")


class HistoryEntry(BaseModel):
    """One change. Numbers in it are masked."""

    id: int
    at: datetime
    actor: str
    action: str = Field(description="opened, edited, attached, taken_over, or the past tense of a move")
    changes: dict[str, list[Any]] = Field(description="field → [before, after]")
    ticket_version: int

    @classmethod
    def of(cls, entry: TicketHistory, eyes: Eyes) -> "HistoryEntry":
        """The entry as this person sees it."""
        changes = {name: eyes.change(name, change) for name, change in entry.changes.items()}
        return cls(**{name: getattr(entry, name) for name in cls.model_fields if name != "changes"}, changes=changes)


class HistoryList(BaseModel):
    items: list[HistoryEntry] = Field(description="the oldest first")


class AttachIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    call_id: str = Field(min_length=1, max_length=64)


class RevealIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Line = Field(
        min_length=4, max_length=200, description="why the full number is needed; kept in the audit log"
    )


class RevealOut(BaseModel):
    caller_number: str
    contact_number: str
