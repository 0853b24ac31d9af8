"""Parked reports (搁置上报): what the store could not keep, why, and another try once the cause is mended."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.accounts.rules import Permission
from app.accounts.service import display_names
from app.ingest import parked
from app.ingest.wording import tell
from app.operations.frame import TABS, Reader
from app.platform.http import Reading
from app.platform.pages import render

router = APIRouter(prefix="/operations/parked", include_in_schema=False)

PAGE_SIZE = 50


@router.get("")
def show_parked(
    *,
    request: Request,
    actor: Reader,
    session: Reading,
    view: Annotated[str, Query(pattern="^(open|kept)$")] = "open",
    node: Annotated[str, Query(max_length=64)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> HTMLResponse:
    """Parked events, the newest first; htmx asks for the list again after a try, and while the page is open."""
    is_part = request.headers.get("HX-Request") == "true"
    if is_part:
        request.state.renews_session = False
    rows = parked.list_parked(session, limit=PAGE_SIZE + 1, is_open=view == "open", node=node, before_id=before)
    shown, kept = rows[:PAGE_SIZE], {"view": view, "node": node}
    here = "/operations/parked?" + urlencode(kept)
    return render(
        request,
        "operations/parked_list.html" if is_part else "operations/parked.html",
        tab="parked",
        tabs=TABS,
        rows=[tell(row) for row in shown],
        counts=parked.count_open(session),
        view=view,
        node=node,
        names=display_names(session),
        may_retry=actor.may(Permission.OPERATIONS_WRITE),
        this_url=f"{here}&before={before}" if before else here,
        next_url=f"{here}&before={shown[-1].id}" if len(rows) > PAGE_SIZE else "",
        first_url=here if before else "",
    )
