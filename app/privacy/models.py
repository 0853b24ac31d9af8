"""Table of certificates: what was deleted, how much, and the hash of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base, BigId


class CertificateKind(StrEnum):
    """Why something was deleted."""

    PERSON = "person"
    """Somebody asked for it (PIPL art. 47); what the law demands to be kept was pseudonymised."""
    RETENTION = "retention"
    """Its class is kept no longer."""


class DeletionCertificate(Base):
    """One deletion. Append only: it names nobody and nothing that was deleted, but proves what it was."""

    __tablename__ = "deletion_certificates"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(40), doc="the pseudonym of the person, or the class of data")
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(200), default="")
    before: Mapped[datetime | None] = mapped_column(doc="of a class: older than this went")
    deleted: Mapped[dict[str, Any]] = mapped_column(doc="what -> how many rows or files are gone")
    pseudonymised: Mapped[dict[str, Any]] = mapped_column(
        default=dict, doc="table -> how many rows name nobody any more"
    )
    digest: Mapped[str] = mapped_column(String(64), doc="SHA-256 over the sorted list of what it was, a line each")

    __table_args__ = (Index(None, "made_at", "id"),)
