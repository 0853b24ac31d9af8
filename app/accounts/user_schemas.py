"""What the API of users and of the audit log takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.accounts.audit_log import ACTIONS, masked
from app.accounts.models import AuditEntry, Role, User

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


class RoleIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Role
    unit_code: str = Field(
        default="", max_length=40, pattern=r"^[0-9a-z-]*$", description="of unit staff and unit leaders: their unit"
    )


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
            id=entry.id, at=entry.at, actor=entry.actor, action=entry.action,
            action_text=ACTIONS.get(entry.action, entry.action), object_type=entry.object_type,
            object_id=masked(entry.object_id), detail=masked(entry.detail), address=entry.address,
        )  # fmt: skip


class AuditEntryList(BaseModel):
    items: list[AuditEntryOut] = Field(description="the newest first")
    next_cursor: str | None = None
