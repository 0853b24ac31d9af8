"""Subjects that people edit: level, parent and full name follow from code and name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.editing import EntryRefused, create_entry, edit_entry
from app.catalogue.models import Subject

SEPARATOR = "/"


def create_subject(session: Session, code: str, values: Mapping[str, Any], *, actor: str, now: datetime) -> Subject:
    """A subject below one that exists. Raises CodeTaken, EntryRefused."""
    level = level_of(code)
    parent_code = parent_of(code)
    parent = session.get(Subject, parent_code) if parent_code else None
    if level is None or (parent_code is not None and parent is None):
        raise EntryRefused({"code": "没有上级分类：编码为六位，大类、中类、小类各两位，上级须已存在"})
    own = {"parent_code": parent_code, "level": level, "full_name": _full_name(parent, str(values["name"]))}
    return create_entry(session, Subject, code, {**values, **own}, actor=actor, now=now)


def edit_subject(
    session: Session, code: str, values: Mapping[str, Any], *, version: int, actor: str, now: datetime
) -> Subject:
    """Change a subject; all below it take its new name into theirs. Raises as `edit_entry`."""
    row = edit_entry(session, Subject, code, values, version=version, actor=actor, now=now)
    parent = session.get(Subject, row.parent_code) if row.parent_code else None
    _rename(session, row, _full_name(parent, row.name))
    session.flush()
    return row


def level_of(code: str) -> int | None:
    """1 to 3; None for a code with a gap."""
    large, middle, small = code[:2], code[2:4], code[4:]
    if large == "00" or (middle == "00" and small != "00"):
        return None
    return 1 if middle == "00" else 2 if small == "00" else 3


def parent_of(code: str) -> str | None:
    """The code right above; None for the first level."""
    return {1: None, 2: f"{code[:2]}0000", 3: f"{code[:4]}00"}.get(level_of(code) or 1)


def _full_name(parent: Subject | None, name: str) -> str:
    return f"{parent.full_name}{SEPARATOR}{name}" if parent else name


def _rename(session: Session, row: Subject, full_name: str) -> None:
    if row.full_name == full_name:
        return
    row.full_name = full_name
    for child in session.scalars(select(Subject).where(Subject.parent_code == row.code)).all():
        _rename(session, child, _full_name(row, child.name))
