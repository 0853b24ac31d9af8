"""Page of one move for many tickets: what became of each."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.casework.bulk import MOST, SAFE, move_many, read_picked
from app.casework.worklists import lists_of
from app.platform.errors import HotlineError, NotFound
from app.platform.http import ClockDep, DatabaseDep
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

Mover = Annotated[Actor, Depends(require(Permission.CASES_READ, Permission.CASES_MOVE))]


class NothingPicked(HotlineError):
    """No ticket was ticked."""

    status = 422
    code = "nothing-picked"
    title = "请先勾选工单"


async def picked_in_form(request: Request) -> list[str]:
    """Every ticked box."""
    return [str(value) for value in (await request.form()).getlist("ticket")]


@router.post("/work/{view}/bulk")
def take_bulk(
    *,
    request: Request,
    view: str,
    picked: Annotated[list[str], Depends(picked_in_form)],
    actor: Mover,
    database: DatabaseDep,
    clock: ClockDep,
) -> HTMLResponse:
    """Make the list's own move for each ticked ticket. NothingPicked, NotFound."""
    shown = next((one for one in lists_of(actor) if one.key == view and one.bulk in SAFE), None)
    if shown is None:
        raise NotFound("该列表没有批量操作")
    chosen = read_picked(picked)
    if not chosen:
        raise NothingPicked()
    outcomes = move_many(database, chosen, shown.bulk, actor=actor, now=clock())
    return render(
        request,
        "casework/bulk.html",
        shown=shown,
        what=SAFE[shown.bulk],
        outcomes=sorted(outcomes, key=lambda one: not one.problem),
        done=sum(not one.problem for one in outcomes),
        left_out=len(picked) - len(chosen),
        most=MOST,
    )
