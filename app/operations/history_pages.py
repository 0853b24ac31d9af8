"""The history of applied plans: who, when, why, and what was different."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from app.accounts.service import display_names
from app.operations.frame import TABS, Commands, Reader
from app.operations.wording import tell_version
from app.platform.errors import NotFound
from app.platform.http import Reading
from app.platform.pages import render

router = APIRouter(prefix="/operations/history", include_in_schema=False)

PAGE_SIZE = 50
LONGEST = 1000


@router.get("")
def show_history(
    request: Request, _actor: Reader, session: Reading, commands: Commands,
    limit: Annotated[int, Query(ge=1, le=LONGEST)] = PAGE_SIZE,
) -> HTMLResponse:  # fmt: skip
    """Every apply and rollback, the newest first."""
    versions = commands.history(limit).versions
    more = f"/operations/history?limit={min(limit * 2, LONGEST)}" if len(versions) == limit < LONGEST else ""
    return render(
        request, "operations/history.html", tab="history", tabs=TABS, versions=versions, more_url=more,
        names=display_names(session),
    )  # fmt: skip


@router.get("/{number}")
def show_version(
    request: Request, actor: Reader, session: Reading, commands: Commands, number: Annotated[int, Path(ge=1)]
) -> HTMLResponse:  # fmt: skip
    """One version with its differences and its plan. NotFound, ChangeRefused."""
    detail = commands.show(number)
    if detail.version is None:
        raise NotFound("没有这一版")
    return render(
        request, "operations/version.html", tab="history", tabs=TABS, version=detail.version, plan=detail.plan_text,
        names=display_names(session), actor=actor, tell_version=tell_version,
    )  # fmt: skip
