"""Reading certificates of deletion."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.privacy.models import DeletionCertificate


def list_certificates(session: Session, *, before_id: int | None = None, limit: int = 50) -> list[DeletionCertificate]:
    """Certificates, the newest first; `before_id` is the last one of the page before."""
    query = select(DeletionCertificate).order_by(DeletionCertificate.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(DeletionCertificate.id < before_id)
    return list(session.scalars(query))
