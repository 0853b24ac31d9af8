"""Reference data: load it from sql/reference/*.csv, and read it."""

import csv
import hashlib
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import DispatchRule, Exclusion, ReferenceFile, Region, Subject, Unit
from app.contract.env import PROJECT
from app.platform.clock import utc_now
from app.platform.database import Base
from app.platform.errors import NotFound

REFERENCE = PROJECT / "sql" / "reference"


def seed(session: Session) -> list[str]:
    """Load regions, subjects, units and rules where their file changed; the names of the files loaded.

    `app.lines.service.seed` loads these and the lines: the CLI calls that one.
    """
    now = utc_now()
    loaded = [load_file(session, REFERENCE / name, model, now=now) for name, model in _FILES]
    return [name for name in loaded if name]


_FILES: tuple[tuple[str, type[Base]], ...] = (
    ("regions.csv", Region),
    ("subjects.csv", Subject),
    ("units.csv", Unit),
    ("exclusions.csv", Exclusion),
    ("dispatch_rules.csv", DispatchRule),
)


def load_file(session: Session, file: Path, model: type[Base], *, now: datetime) -> str | None:
    """Insert or update the rows of one CSV, if this version of it is not loaded yet; its name, or None.

    Rows that left the file stay in the table: tickets may name them. A row that people have edited since (its version
    is above 1) stays as they left it. An empty cell of a nullable column is NULL.
    """
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    known = session.get(ReferenceFile, file.name)
    if known is not None and known.digest == digest:
        return None
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
    columns = model.__table__.columns
    kept = _edited_keys(session, model)
    for row in rows:
        if row.get("code") in kept:
            continue
        values = {
            name: None if not value and columns[name].nullable else _read(columns[name].type.python_type, value)
            for name, value in row.items()
        }
        session.merge(model(**values))
    session.merge(ReferenceFile(name=file.name, digest=digest, row_count=len(rows), loaded_at=now))
    session.flush()
    return file.name


def _edited_keys(session: Session, model: type[Base]) -> set[str]:
    columns = model.__table__.columns
    if "version" not in columns:
        return set()
    return set(session.scalars(select(columns["code"]).where(columns["version"] > 1)))


def _read(kind: type[Any], text: str) -> Any:
    if kind is bool:
        return text == "1"
    return date.fromisoformat(text) if kind is date else kind(text)


def get_region(session: Session, code: str) -> Region:
    """The region of this code. Raises NotFound."""
    region = session.get(Region, code)
    if region is None:
        raise NotFound(f"没有区划代码 {code}")
    return region


def get_subject(session: Session, code: str) -> Subject:
    """The subject of this code. Raises NotFound."""
    subject = session.get(Subject, code)
    if subject is None:
        raise NotFound(f"没有事项分类代码 {code}")
    return subject


def list_regions(session: Session, parent_code: str | None = None) -> list[Region]:
    """Regions below `parent_code`, by code; without it all of them."""
    query = select(Region).order_by(Region.code)
    if parent_code is not None:
        query = query.where(Region.parent_code == parent_code)
    return list(session.scalars(query))


def list_subjects(session: Session, parent_code: str | None = None) -> list[Subject]:
    """Subjects below `parent_code`, by code; without it all of them, so that every one follows its parent."""
    query = select(Subject).order_by(Subject.code)
    if parent_code is not None:
        query = query.where(Subject.parent_code == parent_code)
    return list(session.scalars(query))


def list_active_subjects(session: Session) -> list[Subject]:
    """What new tickets may be about."""
    return [subject for subject in list_subjects(session) if subject.is_active]


def list_units(session: Session) -> list[Unit]:
    """Every unit that is active, by level and code."""
    return list(session.scalars(select(Unit).where(Unit.is_active).order_by(Unit.level, Unit.code)))
