"""Saved views of the ticket list: keep one, forget one."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Path
from fastapi.responses import RedirectResponse

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.platform.http import ClockDep, Writing
from app.tickets.filter_form import FilterForm
from app.tickets.saved_views import drop_view, save_view

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
Reader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]


class ViewForm(FilterForm):
    """The filters, and what they are called."""

    name: str = ""


@router.post("/tickets/views")
def take_view(actor: Reader, session: Writing, clock: ClockDep, form: Annotated[ViewForm, Form()]) -> RedirectResponse:
    """Keep the filters of the list under a name. ViewRefused, TooManyViews."""
    filters = FilterForm.model_validate(form.model_dump(exclude={"name", "cursor"}))
    save_view(session, actor.name, form.name, filters, clock())
    return RedirectResponse(f"/tickets?{urlencode(filters.shown)}", SEE_OTHER)


@router.post("/tickets/views/{view_id}/delete")
def take_view_away(actor: Reader, session: Writing, view_id: Annotated[int, Path(ge=1, lt=2**63)]) -> RedirectResponse:
    """Forget an own view."""
    drop_view(session, actor.name, view_id)
    return RedirectResponse("/tickets", SEE_OTHER)
