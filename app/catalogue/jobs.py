"""Job of reference data: rows begin and stop to hold on their days."""

from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.catalogue.editing import edit_entry
from app.catalogue.models import Exclusion, ReferenceChange, Subject, Unit
from app.platform.clock import to_shanghai
from app.platform.job_queue import JobContext, Sweep

SYSTEM = "system"
Dated = TypeVar("Dated", Unit, Exclusion, Subject)


def keep_validity(context: JobContext) -> None:
    """Switch on what holds from today on, and off what held until yesterday.

    Who switched a row off by hand on its first day or later has the last word.
    """
    now = context.clock()
    with context.database.transaction() as session:
        _keep(session, Unit, now)
        _keep(session, Exclusion, now)
        _keep(session, Subject, now)


def _keep(session: Session, model: type[Dated], now: datetime) -> None:
    today: date = to_shanghai(now).date()
    for row in [*_over(session, model, today), *_begun(session, model, today)]:
        values = {"is_active": not row.is_active}
        edit_entry(session, model, row.code, values, version=row.version, actor=SYSTEM, now=now)


def _over(session: Session, model: type[Dated], today: date) -> list[Dated]:
    return list(session.scalars(select(model).where(model.is_active, model.valid_until < today)))


def _begun(session: Session, model: type[Dated], today: date) -> list[Dated]:
    waiting = select(model).where(
        ~model.is_active, model.valid_from <= today, or_(model.valid_until.is_(None), model.valid_until >= today)
    )
    return [row for row in session.scalars(waiting) if _was_left_alone(session, row)]


def _was_left_alone(session: Session, row: Unit | Exclusion | Subject) -> bool:
    """Whether nobody has changed it since the day it holds from."""
    last = session.scalar(
        select(func.max(ReferenceChange.at)).where(
            ReferenceChange.table_name == row.__tablename__, ReferenceChange.key == row.code
        )
    )
    return last is None or row.valid_from is None or to_shanghai(last).date() < row.valid_from


SWEEPS = [Sweep(keep_validity, every_seconds=600)]
