"""Page of a unit that is dissolved (撤并): who takes over, what would move, confirm, what has moved."""

from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.casework import succession
from app.casework.schemas import DissolveIn
from app.catalogue.editing import EntryRefused, get_entry
from app.catalogue.models import Unit
from app.deadlines.wording import time_left
from app.platform.http import ClockDep, DatabaseDep, Reading
from app.platform.pages import render
from app.platform.validation import chinese_errors
from app.tickets.models import Assignment, Ticket

router = APIRouter(prefix="/reference/units/{code}/dissolve", include_in_schema=False)

Keeper = Annotated[Actor, Depends(require(Permission.CASES_READ, Permission.CATALOGUE_WRITE))]
Code = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
NAMED = 10
"""Of the tickets that move the page names so many."""


@router.get("")
def show_dissolution(request: Request, code: Code, _actor: Keeper, session: Reading, clock: ClockDep) -> HTMLResponse:
    """The form."""
    return _page(request, session, code, now=clock())


@router.post("")
def take_dissolution(
    *,
    request: Request,
    code: Code,
    actor: Keeper,
    database: DatabaseDep,
    clock: ClockDep,
    successor_code: Annotated[str, Form(max_length=40)] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
    is_confirmed: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """What would move; confirmed, it moves. What is wrong is said beside the field."""
    now, given = clock(), {"successor_code": successor_code, "reason": reason.strip()}
    try:
        asked = DissolveIn.model_validate({name: value for name, value in given.items() if value})
        if is_confirmed:
            with database.transaction() as session:
                moved = succession.dissolve_unit(
                    session, code, asked.successor_code, reason=asked.reason, actor=actor, now=now
                )
        else:
            moved = succession.preview(database, code, asked.successor_code, reason=asked.reason, actor=actor, now=now)
    except ValidationError as problem:
        wrong = {error.field: error.message for error in chinese_errors(problem.errors())}
        with database.reading() as session:
            return _page(request, session, code, now=now, given=given, errors=wrong)
    except EntryRefused as problem:
        wrong = {error["field"]: error["message"] for error in problem.extra["errors"]}  # type: ignore[attr-defined]
        with database.reading() as session:
            return _page(request, session, code, now=now, given=given, errors=wrong)
    with database.reading() as session:
        return _page(request, session, code, now=now, given=given, moved=moved, is_done=is_confirmed)


def _page(
    request: Request,
    session: Session,
    code: str,
    *,
    now: Any,
    given: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    moved: succession.Succession | None = None,
    is_done: bool = False,
) -> HTMLResponse:
    unit = get_entry(session, Unit, code)
    units = {one.code: one for one in session.scalars(select(Unit).order_by(Unit.code))}
    legs = select(Assignment.ticket_id).where(Assignment.unit_code == code, Assignment.ended_at.is_(None))
    tickets = select(Ticket).where(Ticket.id.in_(legs)).order_by(Ticket.next_due_at.is_(None), Ticket.next_due_at)
    return render(
        request,
        "casework/dissolve.html",
        status_code=422 if errors else 200,
        unit=unit,
        heirs=[(one.code, one.name) for one in units.values() if not succession.why_unfit(unit, one, units)],
        units={one.code: one.name for one in units.values()},
        tickets=list(session.scalars(tickets.limit(NAMED))) if moved and not is_done else [],
        given=defaultdict(str, given or {}),
        errors=defaultdict(str, errors or {}),
        moved=moved,
        is_done=is_done,
        now=now,
        left=time_left,
    )
