"""Regions that people edit: the level follows from the code, the full name from those above.

Whom a county belongs to is configuration: 汝州 (410482) stands below 平顶山 or, managed directly (省直管), below the
province (R34, R36). Its code and its level stay.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.editing import EntryRefused, create_entry, edit_entry
from app.catalogue.models import Region

PROVINCE, CITY, COUNTY, TOWNSHIP, VILLAGE = 1, 2, 3, 4, 5
LEVEL_OF_LENGTH = {9: TOWNSHIP, 12: VILLAGE}


def level_of(code: str) -> int:
    """1 province to 5 village, by GB/T 2260 and the longer codes of statistics."""
    if code.endswith("0000") and len(code) == 6:
        return PROVINCE
    return LEVEL_OF_LENGTH.get(len(code), CITY if code.endswith("00") else COUNTY)


def create_region(session: Session, code: str, values: Mapping[str, Any], *, actor: str, now: datetime) -> Region:
    """A region below one that exists. Raises CodeTaken, EntryRefused."""
    parent = _parent(session, code, values.get("parent_code"))
    own = {"level": level_of(code), "full_name": _full_name(parent, str(values["name"]))}
    return create_entry(session, Region, code, {**values, **own}, actor=actor, now=now)


def edit_region(
    session: Session, code: str, values: Mapping[str, Any], *, version: int, actor: str, now: datetime
) -> Region:
    """Change a region; all below it take its new full name into theirs. Raises as `edit_entry`."""
    row = edit_entry(session, Region, code, values, version=version, actor=actor, now=now)
    parent = _parent(session, code, row.parent_code)
    _rename(session, row, _full_name(parent, row.name))
    session.flush()
    return row


def _parent(session: Session, code: str, parent_code: str | None) -> Region | None:
    """Above the region there is one of a higher level; above the province nobody."""
    parent = session.get(Region, parent_code) if parent_code else None
    if (parent is None) != (level_of(code) == PROVINCE) or (parent is not None and parent.level >= level_of(code)):
        raise EntryRefused({"parent_code": "上级区划须已存在，且层级高于本区划"})
    return parent


def _full_name(parent: Region | None, name: str) -> str:
    return f"{parent.full_name}{name}" if parent else name


def _rename(session: Session, row: Region, full_name: str) -> None:
    if row.full_name == full_name:
        return
    row.full_name = full_name
    for child in session.scalars(select(Region).where(Region.parent_code == row.code)).all():
        _rename(session, child, _full_name(row, child.name))
