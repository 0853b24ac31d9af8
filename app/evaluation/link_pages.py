"""The citizen's page behind the link in his message: how did it go? Open to whoever holds the link, once."""

from collections import defaultdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from app.accounts.auth import address_of, citizen_of
from app.casework.forms import WORDS, Satisfaction
from app.casework.models import UnitReply
from app.catalogue.models import Unit
from app.evaluation import by_link
from app.evaluation.desk import TaskSettled
from app.evaluation.follow_up_pages import Given
from app.platform.database import Database
from app.platform.errors import HotlineError, NotFound, TooManyAttempts
from app.platform.http import ClockDep, DatabaseDep
from app.platform.pages import render
from app.tickets.models import Secrecy
from app.tickets.reports import note_reading

router = APIRouter(include_in_schema=False)

Secret = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{10,64}$")]
ASKED = frozenset({"is_contacted", "is_solved", "satisfaction", "reason"})


@router.get("/r/{secret}")
def show_rating(request: Request, secret: Secret, database: DatabaseDep, clock: ClockDep) -> HTMLResponse:
    """The three questions; or that this link is none."""
    return _page(request, database, secret, clock())


@router.post("/r/{secret}")
def take_rating(request: Request, secret: Secret, given: Given, database: DatabaseDep, clock: ClockDep) -> HTMLResponse:
    """Keep what the citizen says, once, and thank him."""
    now = clock()
    said = {name: value for name, value in given.items() if name in ASKED}
    if "is_solved" not in said:
        return _page(request, database, secret, now, given=said, errors={"is_solved": "请选择问题是否已解决"})
    try:
        by_link.check_guesses(database, address_of(request), now)
        with database.transaction() as session:
            by_link.answer_by_link(session, secret, dict(said), now)
    except (NotFound, TaskSettled, TooManyAttempts):
        return _page(request, database, secret, now)
    except HotlineError as problem:
        errors = {e["field"]: e["message"] for e in problem.extra.get("errors", [])}  # type: ignore[attr-defined]
        return _page(request, database, secret, now, given=said, errors=errors)
    return render(request, "evaluation/rated.html", is_thanked=True, told="")


def _page(
    request: Request,
    database: Database,
    secret: str,
    now: datetime,
    *,
    given: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    address = address_of(request)
    try:
        by_link.check_guesses(database, address, now)
        with database.reading() as session:
            row = by_link.open_link(session, secret, now)
            note_reading(session, citizen_of(request, "/r"), row.ticket)
            reply = select(UnitReply.to_citizen).where(
                UnitReply.ticket_id == row.matter.id, UnitReply.round == row.task.round
            )
            is_public = row.ticket.secrecy == Secrecy.PUBLIC
            unit = session.get(Unit, row.task.unit_code) if row.task.unit_code else None
            return render(
                request, "evaluation/rate.html", status_code=422 if errors else 200, number=row.ticket.ticket_number,
                title=row.ticket.title if is_public else "", reply=session.scalar(reply) if is_public else None,
                unit_name=unit.name if unit else "承办单位", satisfactions=WORDS[Satisfaction],
                given=defaultdict(str, given or {}), errors=defaultdict(str, errors or {}),
            )  # fmt: skip
    except NotFound as refusal:
        by_link.note_wrong_link(database, address, now)
        return render(request, "evaluation/rated.html", status_code=404, is_thanked=False, told=refusal.detail)
    except TooManyAttempts as refusal:
        return render(request, "evaluation/rated.html", status_code=429, is_thanked=False, told=refusal.detail)
