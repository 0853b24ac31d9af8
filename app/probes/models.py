"""Tables of test calls and of the alarms they raise."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class ProbeStatus(StrEnum):
    """How far a test call is."""

    ORDERED = "ordered"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


class ProbeFault(StrEnum):
    """What a test call found wrong; the first of these that holds."""

    CANNOT_DIAL = "cannot_dial"
    """Our own side: SIPp is missing, or its address cannot be used. It says nothing about the line."""
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    """The switch answered with a final error; `sip_status` says which."""
    BROKEN_OFF = "broken_off"
    """Answered, and hung up before anything was said."""
    SILENT = "silent"
    NO_RECORD = "no_record"
    """The call was heard, yet the store knows nothing of it."""
    WRONG_LINE = "wrong_line"


_UNDONE = text("status IN ('ordered', 'running')")
_OPEN = text("recovered_at IS NULL")


class Probe(Base):
    """One test call: ordered, dialled, judged. Times in UTC."""

    __tablename__ = "probes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    line: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default=ProbeStatus.ORDERED)
    fault: Mapped[str | None] = mapped_column(String(20), doc="of a failed one; see ProbeFault")
    ordered_by: Mapped[str] = mapped_column(String(80), doc="who asked; `schedule` for the sweep")
    ordered_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    caller_number: Mapped[str] = mapped_column(String(20), default="", doc="made up for this call, so that it is found")
    sip_status: Mapped[int | None] = mapped_column(doc="final answer to the INVITE")
    answer_ms: Mapped[int | None] = mapped_column(doc="INVITE to 200")
    audio_ms: Mapped[int | None] = mapped_column(doc="length of the audio that came")
    loudness: Mapped[int | None] = mapped_column(doc="root mean square of the 16-bit samples, 0 to 32767")
    call_id: Mapped[str | None] = mapped_column(String(64), doc="the call's own record")
    found_line: Mapped[str] = mapped_column(String(20), default="", doc="the original line that the record has")
    found_rule: Mapped[str] = mapped_column(String(20), default="", doc="the rule that named it")

    __table_args__ = (
        Index(None, "line", "ordered_at"),
        Index("ix_probes_undone", "ordered_at", sqlite_where=_UNDONE, postgresql_where=_UNDONE),
    )


class LineAlarm(Base):
    """A line's test calls fail: from the first failure until one passes. One open alarm per line."""

    __tablename__ = "line_alarms"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    line: Mapped[str] = mapped_column(String(20))
    fault: Mapped[str] = mapped_column(String(20), doc="of the last failure")
    failures: Mapped[int] = mapped_column(default=1)
    raised_at: Mapped[datetime]
    last_failed_at: Mapped[datetime]
    recovered_at: Mapped[datetime | None]
    last_probe_id: Mapped[int] = mapped_column(BigId, doc="the newest test call that it counts")

    __table_args__ = (
        Index("uq_line_alarms_open_line", "line", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "raised_at"),
    )
