"""What the API of users and of the audit log takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.accounts.audit_log import ACTIONS
from app.accounts.audit_watch import AuditWatch, ChainVerdict
from app.accounts.models import AuditEntry, Role, User
from app.contract.masks import mask_value as masked

QueueName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
Penalty = Annotated[int, Field(ge=0, le=1000)]


class UserIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"username": "8101", "display_name": "王芳", "role": "agent"}]}
    )

    username: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="an agent's number (工号), or a name")
    display_name: str = Field(min_length=1, max_length=80)
    role: Role
    seat: str = Field(default="", max_length=64, pattern=r"^[0-9A-Za-z_-]*$", description="an agent's SIP endpoint")
    queues: dict[QueueName, Penalty] = Field(
        default_factory=dict, max_length=50, description="an agent's queues: name to penalty, 0 is served first"
    )

    unit_code: str = Field(
        default="", max_length=40, pattern=r"^[0-9a-z-]*$", description="of unit staff and unit leaders: their unit"
    )
    region_code: str = Field(
        default="", max_length=12, pattern=r"^(\d{6}(\d{3}){0,2})?$",
        description="binds people of the hotline to a region (R33): all they meet lies in it",
    )  # fmt: skip


class RoleIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Role
    unit_code: str = Field(
        default="", max_length=40, pattern=r"^[0-9a-z-]*$", description="of unit staff and unit leaders: their unit"
    )
    region_code: str = Field(
        default="", max_length=12, pattern=r"^(\d{6}(\d{3}){0,2})?$",
        description="binds people of the hotline to a region (R33): all they meet lies in it",
    )  # fmt: skip


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    username: str
    display_name: str
    role: Role
    is_active: bool = Field(description="whether he may log in")
    is_password_issued: bool = Field(description="he has a one-time password and has not changed it yet")
    seat: str
    queues: dict[str, int]
    unit_code: str
    region_code: str = Field(description="the region that all he meets lies in; empty: bound to none")
    created_at: datetime


class UserList(BaseModel):
    items: list[UserOut] = Field(description="by username")
    next_cursor: str | None = None


class UserIssued(BaseModel):
    """A user with a one-time password. It is answered this once and kept nowhere: only its hash is."""

    user: UserOut
    one_time_password: str = Field(description="opens the own account alone, until the user has changed it")

    @classmethod
    def of(cls, user: User, password: str) -> Self:
        return cls(user=UserOut.model_validate(user), one_time_password=password)


class AuditEntryOut(BaseModel):
    """Who did what to what, and when. Personal numbers in free text are masked."""

    id: int
    seq: int = Field(description="its place in the chain: 1, 2, 3 ... without a gap")
    entry_hash: str = Field(description="SHA-256, over the hash of the entry before it too")
    at: datetime
    actor: str = Field(description="username, name of a service token, `system`, or `unknown` for a failed log-in")
    action: str = Field(description="a constant name, e.g. `number_revealed`")
    action_text: str = Field(description="the same in Chinese")
    object_type: str
    object_id: str
    detail: dict[str, Any]
    address: str = Field(description="IP address of the request; empty for what happened by itself")

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        return cls(
            id=entry.id, seq=entry.seq, entry_hash=entry.entry_hash,
            at=entry.at, actor=entry.actor, action=entry.action,
            action_text=ACTIONS.get(entry.action, entry.action), object_type=entry.object_type,
            object_id=masked(entry.object_id), detail=masked(entry.detail), address=entry.address,
        )  # fmt: skip


class AuditEntryList(BaseModel):
    items: list[AuditEntryOut] = Field(description="the newest first")
    next_cursor: str | None = None


class RevealerOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="username")
    count: int = Field(description="numbers revealed since midnight, Asia/Shanghai")


class AuditState(BaseModel):
    """What is known of the audit log just now."""

    verdict: ChainVerdict = Field(description="`overdue`: not checked for two days; `unchecked`: never yet")
    checked_at: datetime | None
    entries: int = Field(description="how many the newest check read")
    entry_hash: str = Field(description="of the last of them; keep it elsewhere, and a rewritten log will show")
    break_kind: str = Field(description="altered, missing, disconnected, cut_off, head or rewritten; empty: whole")
    break_seq: int | None = Field(description="the entry where the chain breaks")
    break_text: str = Field(description="the same in Chinese")
    over_quota: list[RevealerOut] = Field(description="who has revealed more than `reveal_quota` numbers today")
    reveal_quota: int

    @classmethod
    def of(cls, watch: AuditWatch) -> Self:
        check = watch.check
        return cls(
            verdict=watch.verdict, checked_at=check.checked_at if check else None,
            entries=check.entries if check else 0, entry_hash=check.entry_hash if check else "",
            break_kind=check.break_kind if check else "", break_seq=check.break_seq if check else None,
            break_text=watch.break_text, reveal_quota=watch.quota,
            over_quota=[RevealerOut.model_validate(one) for one in watch.over_quota],
        )  # fmt: skip
