"""Pages of the audit desk (审核台): what waits, and one reply side by side with what it answers."""

from collections import defaultdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.casework import reviewing, service
from app.casework.duties import refusal
from app.casework.fields import fields_of
from app.casework.forms import WORDS, Channel, Result, ToldHow
from app.casework.pages import Given, done_words, said_of
from app.casework.worklists import REPLIED, SHOWN, count_lists, count_withheld, lists_of
from app.catalogue.models import Region, Subject, Unit
from app.deadlines import wording
from app.platform.database import Database
from app.platform.errors import HotlineError, NotFound
from app.platform.http import ClockDep, DatabaseDep, Reading
from app.platform.pages import render
from app.tickets.models import TicketStatus
from app.tickets.states import BY_VERB

router = APIRouter(prefix="/reviews", include_in_schema=False)

Judge = Annotated[Actor, Depends(require(Permission.REPLIES_JUDGE, Permission.CASES_READ, Permission.CASES_MOVE))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,19}$", description="id or ticket number")]
Done = Annotated[str, Query(max_length=40)]
SEE_OTHER = 303


@router.get("")
def show_reviews(request: Request, actor: Judge, session: Reading, done: Done = "") -> HTMLResponse:
    """Replies that this person may judge; how many he may not, because he had a part in them."""
    return render(
        request,
        "casework/reviews.html",
        rows=reviewing.list_waiting(session, actor),
        withheld=count_withheld(session, actor),
        lists=lists_of(actor),
        counts=count_lists(session, actor),
        shown=REPLIED,
        limit=SHOWN,
        units=dict(session.execute(select(Unit.code, Unit.name)).all()),
        regions=dict(session.execute(select(Region.code, Region.name).where(Region.level >= 3)).all()),
        results=WORDS[Result],
        done=done_words(done),
    )


@router.get("/{key}")
def show_review(
    *, request: Request, key: TicketKey, actor: Judge, database: DatabaseDep, clock: ClockDep, done: Done = ""
) -> Response:
    """One reply. What has been judged in the meantime is told on its ticket's page."""
    return _page(request, database, key, actor, clock(), done=done_words(done))


@router.post("/{key}/{verb}")
def take_review(
    *, request: Request, key: TicketKey, verb: str, given: Given, actor: Judge, database: DatabaseDep, clock: ClockDep
) -> Response:
    """Judge it and go on to the next; or the same page with what is wrong."""
    if verb not in reviewing.VERBS:
        raise NotFound("没有这种操作")
    now, version = clock(), given.pop("version")
    try:
        with database.transaction() as session:
            read = int(version) if version.isdecimal() else None
            ticket = service.move(session, key, verb, given, actor=actor, now=now, version=read)
    except NotFound:
        raise
    except HotlineError as problem:
        return _page(request, database, key, actor, now, given=given, problem=problem)
    with database.reading() as session:
        following = reviewing.next_waiting(session, actor, after=ticket.id)
    return RedirectResponse(f"/reviews/{following or ''}".rstrip("/") + f"?done={verb}", SEE_OTHER)


def _page(
    request: Request,
    database: Database,
    key: str,
    actor: Actor,
    now: datetime,
    *,
    given: dict[str, Any] | None = None,
    problem: HotlineError | None = None,
    done: str = "",
) -> Response:
    with database.reading() as session:
        case = service.open_case(session, key, actor, now)
        ticket = case.ticket
        if ticket.status != TicketStatus.REPLIED and problem is None:
            return RedirectResponse(f"/tickets/{ticket.id}", SEE_OTHER)
        subject = session.get(Subject, ticket.subject_code) if ticket.subject_code else None
        region = session.get(Region, ticket.region_code) if ticket.region_code else None
        errors = {e["field"]: e["message"] for e in problem.extra.get("errors", [])} if problem else {}  # type: ignore[attr-defined]
        return render(
            request,
            "casework/review.html",
            status_code=problem.status if problem else 200,
            case=case,
            ticket=ticket,
            found=reviewing.findings_of(session, case),
            refused=refusal(case, BY_VERB["audit_pass"]),
            fields=fields_of("audit_redo"),
            asked=[(row, said_of(row, case)) for row in case.requests],
            contact_name=ticket.contact_name,
            subject=subject.full_name if subject else "",
            region=region.full_name if region else "",
            results=WORDS[Result],
            ways=WORDS[ToldHow],
            channels=WORDS[Channel],
            kinds=wording.CLOCKS,
            states=wording.STATES,
            tones=wording.STATE_TONES,
            waiting=count_lists(session, actor)[REPLIED.key],
            given=defaultdict(str, given or {}),
            errors=defaultdict(str, errors),
            problem=problem.detail if problem else "",
            done=done,
        )
