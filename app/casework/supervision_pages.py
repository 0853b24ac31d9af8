"""The supervisor's desk (督办台): what is late, what climbs next, what was ordered, how each unit stands."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.casework.worklists import count_lists, lists_of
from app.catalogue.models import Unit
from app.deadlines import lists, overview, supervising, versions, wording
from app.deadlines.lists import ListName
from app.platform.http import ClockDep, Reading
from app.platform.pages import render

router = APIRouter(prefix="/supervision", include_in_schema=False)

Watcher = Annotated[Actor, Depends(require(Permission.SUPERVISION_READ))]
LATEST = 6
"""Of what is late the desk shows so much; the list shows all."""
SLOW_TO_COUNT = frozenset({ListName.RECURRING})
"""A fifth of a second with a million tickets: counted after the page stands."""


@router.get("")
def show_supervision(
    *,
    request: Request,
    actor: Watcher,
    session: Reading,
    clock: ClockDep,
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """The way in: counts, the longest overdue, the next steps of the ladder, supervisions that wait for an answer."""
    now = clock()
    climbing, until = overview.list_next_steps(session, actor=actor, now=now)
    may_order = actor.may(Permission.SUPERVISION_WRITE)
    return render(
        request,
        "casework/supervision_desk.html",
        tab="",
        tabs=wording.TABS,
        list_names=wording.LISTS,
        counts=lists.count_lists(session, actor=actor, now=now, names=frozenset(ListName) - SLOW_TO_COUNT),
        most=lists.COUNTED_MOST,
        overdue=lists.supervision_list(session, ListName.OVERDUE, actor=actor, now=now, limit=LATEST).items,
        climbing=climbing,
        until=until,
        ordered=overview.list_ordered(session, actor=actor),
        own_lists=lists_of(actor) if may_order else (),
        own_counts=count_lists(session, actor) if may_order else {},
        units=dict(session.execute(select(Unit.code, Unit.name)).all()),
        missing_year=versions.find_missing_year(session, now),
        may_supervise=may_order,
        orders=supervising.ORDERED.items(),
        done=supervising.ORDERED.get(done, ""),
        now=now,
        left=wording.time_left,
        kinds=wording.CLOCKS,
        steps=supervising.STEP_WORDS,
        step_tones=wording.STEP_TONES,
    )


@router.get("/units")
def show_units(request: Request, actor: Watcher, session: Reading, clock: ClockDep) -> HTMLResponse:
    """Part: what takes longer to count. Units with late tickets, and how often matters come again."""
    request.state.renews_session = False
    now = clock()
    counted = lists.count_lists(session, actor=actor, now=now, names=SLOW_TO_COUNT)
    return render(
        request,
        "casework/units_behind.html",
        rows=overview.units_behind(session, actor=actor, now=now),
        units=dict(session.execute(select(Unit.code, Unit.name)).all()),
        recurring=counted[ListName.RECURRING],
        most=lists.COUNTED_MOST,
    )
