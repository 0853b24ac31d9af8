"""Tables of people and machines that may log in."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class Role(StrEnum):
    """Who a user is. Rights follow in `rules.py`."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OPS = "ops"
    UNIT_STAFF = "unit_staff"
    AUDITOR = "auditor"
    DISPATCHER = "dispatcher"
    """派单员: looks over what agents accepted, and dispatches it."""
    REVIEWER = "reviewer"
    """审核员: judges what units ask and answer."""
    FOLLOW_UP = "follow_up"
    """回访员: asks citizens how it went."""
    UNIT_LEADER = "unit_leader"
    """承办单位负责人: answers for what his unit sends."""
    ADMIN = "admin"


class User(Base):
    """A person. `username` of an agent is the agent's number (工号), and the member name in Asterisk's queues."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))
    is_password_issued: Mapped[bool] = mapped_column(
        default=False, server_default=false(), doc="given out by somebody else: it opens nothing until it is changed"
    )
    is_active: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0, doc="raised on log-out: older cookies are dead")
    seat: Mapped[str] = mapped_column(String(64), default="", doc="the SIP endpoint this agent usually sits at")
    queues: Mapped[dict[str, Any]] = mapped_column(default=dict, doc="queue name -> penalty")
    unit_code: Mapped[str] = mapped_column(String(40), default="", doc="of unit staff: a unit of the catalogue")
    region_code: Mapped[str] = mapped_column(
        String(12),
        default="",
        server_default="",
        doc="of people of the hotline: all they meet lies in it; empty: bound to none",
    )
    created_at: Mapped[datetime]


class ServiceToken(Base):
    """A machine's token: only its hash is kept."""

    __tablename__ = "service_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, doc="SHA-256 hex of a 256-bit random token")
    scopes: Mapped[list[Any]] = mapped_column(doc="call-events:write, lookup:read, tickets:read, tickets:write")
    node: Mapped[str | None] = mapped_column(String(64), doc="reports for this node alone; none: for any")
    line: Mapped[str | None] = mapped_column(String(20), doc="reports calls of this line alone: a foreign exchange")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class LoginFailure(Base):
    """Guesses counted per account and per address; beyond the limit both are locked for a while."""

    __tablename__ = "login_failures"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_failed_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class AuditEntry(Base):
    """Who did what to what, and when. Append only, and chained: each carries the hash of the one before (ADR 0290).

    The database itself refuses to change or delete a row (sql/versions).
    """

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    seq: Mapped[int] = mapped_column(BigId, unique=True, doc="1, 2, 3 ... without a gap, in the order of the commits")
    previous_hash: Mapped[str] = mapped_column(String(64), doc="entry_hash of the one before; zeros before the first")
    entry_hash: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the entry as canonical JSON")
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor: Mapped[str] = mapped_column(String(80), doc="username, service token name or 'system'")
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(40), default="")
    object_id: Mapped[str] = mapped_column(String(64), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[str] = mapped_column(String(64), default="", doc="IP address of the request")

    __table_args__ = (
        Index(None, "at"),
        Index(None, "object_type", "object_id"),
        Index(None, "actor", "id"),
        Index(None, "action", "id"),
    )


class AuditHead(Base):
    """Where the chain ends: one row, which writers lock. What is cut off the end of the log is missed by it."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, doc="always 1")
    seq: Mapped[int] = mapped_column(BigId, default=0)
    entry_hash: Mapped[str] = mapped_column(String(64))


class AuditCheck(Base):
    """One verification of the whole chain."""

    __tablename__ = "audit_checks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    checked_at: Mapped[datetime]
    checked_by: Mapped[str] = mapped_column(String(80))
    entries: Mapped[int] = mapped_column(BigId, doc="how many were read")
    last_seq: Mapped[int] = mapped_column(BigId)
    entry_hash: Mapped[str] = mapped_column(String(64), doc="of the last entry that was read")
    break_kind: Mapped[str] = mapped_column(String(20), default="", doc="empty: the chain is whole")
    break_seq: Mapped[int | None] = mapped_column(BigId, doc="the entry where it breaks")
    took_ms: Mapped[int]

    __table_args__ = (Index(None, "checked_at"),)
