"""Page of the dispatch catalogue: its rules, and the candidates that decided disputes have left."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.catalogue import editing
from app.catalogue.models import DispatchRule, Region, RuleStatus, Subject, Unit
from app.catalogue.reference_forms import KINDS
from app.platform.http import ClockDep, Reading, Writing
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

Editor = Annotated[Actor, Depends(require(Permission.CATALOGUE_WRITE))]
Code = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
SEE_OTHER = 303


@router.get("/dispatch-rules")
def show_rules(
    request: Request, _actor: Editor, session: Reading, view: Annotated[RuleStatus, Query()] = RuleStatus.ACTIVE
) -> HTMLResponse:
    """The rules of one status; candidates wait for somebody to say that they hold."""
    rules = list(session.scalars(select(DispatchRule).order_by(DispatchRule.subject_code, DispatchRule.code)))
    return render(
        request,
        "catalogue/dispatch_rules.html",
        rules=[rule for rule in rules if rule.status == view],
        counts={str(status): sum(rule.status == status for rule in rules) for status in RuleStatus},
        view=view,
        kinds=KINDS,
        names=_names(session, rules),
    )


@router.post("/dispatch-rules/{code}/status")
def set_status(
    *,
    code: Code,
    actor: Editor,
    session: Writing,
    clock: ClockDep,
    status: Annotated[RuleStatus, Form()],
    version: Annotated[int, Form(ge=1, le=10**9)],
) -> RedirectResponse:
    """Adopt a candidate, or put a rule out of use. Raises NotFound, PreconditionFailed."""
    editing.edit_entry(session, DispatchRule, code, {"status": status}, version=version, actor=actor.name, now=clock())
    return RedirectResponse(f"/dispatch-rules?view={status}", SEE_OTHER)


def _names(session: Session, rules: list[DispatchRule]) -> dict[str, str]:
    """Code of a subject, region or unit → name."""
    subjects = select(Subject.code, Subject.full_name).where(Subject.code.in_({rule.subject_code for rule in rules}))
    regions = select(Region.code, Region.name).where(Region.code.in_({rule.region_code for rule in rules}))
    units = select(Unit.code, Unit.name)
    return {code: name for query in (subjects, regions, units) for code, name in session.execute(query)}
