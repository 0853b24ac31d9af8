"""The page of the duty officer: what callers hear now, a form for a new broadcast, followers of an incident."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.broadcasts import rules, service, wording
from app.catalogue.service import list_regions
from app.platform.clock import to_shanghai
from app.platform.http import ClockDep, Reading, SettingsDep
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

Reader = Annotated[Actor, Depends(require(Permission.BROADCASTS_READ))]
COUNTY_LEVEL = 3
USUAL_HOURS = 4


@router.get("/broadcasts")
def show_broadcasts(
    request: Request,
    actor: Reader,
    session: Reading,
    clock: ClockDep,
    view: Annotated[str, Query(pattern="^(open|done)$")] = "open",
) -> HTMLResponse:
    """Broadcasts that hold, or those that are over."""
    now = clock()
    rows = service.list_broadcasts(session, is_open=view == "open")
    regions = {row.code: row.full_name for row in list_regions(session) if row.level <= COUNTY_LEVEL}
    return render(
        request,
        "broadcasts/broadcast_list.html",
        rows=[(row, rules.is_on_air(row, now)) for row in rows],
        view=view,
        kinds=rules.KIND_WORDS,
        regions=regions,
        counts=service.count_followers(session),
        nobody=service.NOBODY,
        usual_end=to_shanghai(now + timedelta(hours=USUAL_HOURS)).strftime("%Y-%m-%dT%H:%M"),
        may_write=actor.may(Permission.BROADCASTS_WRITE),
    )


@router.get("/broadcasts/{broadcast_id}")
def show_broadcast(
    request: Request,
    broadcast_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    actor: Reader,
    session: Reading,
    settings: SettingsDep,
) -> HTMLResponse:
    """One incident with its followers: who has been told and how, who not yet, and whom people must tell."""
    row = service.get_broadcast(session, broadcast_id)
    followers = service.list_followers(session, broadcast_id)
    return render(
        request,
        "broadcasts/followers.html",
        broadcast=row,
        followers=[(one, wording.explain(one, row, settings.hours_of_callbacks)) for one in followers],
        counts=service.count_followers(session).get(row.id, service.NOBODY),
        has_gateway=bool(settings.sms_gateway_url),
        may_write=actor.may(Permission.BROADCASTS_WRITE),
        may_reveal=actor.may(Permission.NUMBERS_REVEAL),
        may_tell=actor.may(Permission.MISSED_CALLS_WRITE),
    )
