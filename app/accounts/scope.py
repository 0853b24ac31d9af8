"""Row-level scope by region (R33): who is bound to a region meets what lies in it, and the work of its people.

The conditions stand here; a slice says of which column. Units' scope is that of their tickets (`app.tickets.access`).
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.accounts.auth import Actor
from app.accounts.models import User
from app.platform.errors import NotFound


def lies_in(column: InstrumentedAttribute[Any], code: str) -> ColumnElement[bool]:
    """Codes that are `code` or lie below it: 410400 holds 410421 and 410421101; 010100 holds 010103."""
    prefix = stem_of(code)
    return and_(column >= prefix, column < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def stem_of(code: str) -> str:
    """What all codes below this one begin with: 410400 → 4104."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def in_region(actor: Actor, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Rows whose region this person may see; everything for who is bound to none."""
    return lies_in(column, actor.region) if actor.region else true()


def of_people(actor: Actor, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Rows that name somebody of this person's region, or himself; everything for who is bound to none."""
    if not actor.region:
        return true()
    return column.in_(select(User.username).where(lies_in(User.region_code, actor.region)))


def check_of_people(session: Session, actor: Actor, username: str | None, told: str) -> None:
    """NotFound, with these words, for the work of somebody of another region, or of nobody."""
    if not actor.region:
        return
    known = select(User.id).where(User.username == username, lies_in(User.region_code, actor.region))
    if session.scalar(known) is None:
        raise NotFound(told)
