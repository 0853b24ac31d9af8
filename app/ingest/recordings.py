"""A recording was saved: look at the file and note its length."""

from sqlalchemy.orm import Session


def check_later(session: Session, call_ids: list[str]) -> None:
    """Have a job look at the recordings of these calls, once the transaction is true."""
