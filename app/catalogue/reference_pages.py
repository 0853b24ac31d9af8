"""Pages of reference data: units, subjects, exclusions, dispatch rules; forms to change them, each change kept."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.accounts.auth import CSRF_FIELD, Actor, require
from app.accounts.rules import Permission
from app.catalogue import editing
from app.catalogue.editing import EntryRefused
from app.catalogue.models import ReferenceChange
from app.catalogue.reference_forms import KINDS, Field, Kind, choices_of, read_values, shown_values, tell_change
from app.platform.errors import HotlineError, NotFound
from app.platform.http import ClockDep, DatabaseDep, Reading
from app.platform.pages import render
from app.platform.validation import chinese_errors

router = APIRouter(prefix="/reference", include_in_schema=False)

SEE_OTHER = 303
SHOWN = 200
Editor = Annotated[Actor, Depends(require(Permission.CATALOGUE_WRITE))]
KindName = Annotated[str, Path(pattern=r"^[a-z-]{1,20}$")]
Code = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


async def given_in_form(request: Request) -> dict[str, str]:
    """The posted form as text; several values of one field with spaces between."""
    form = await request.form()
    return {name: " ".join(str(one) for one in form.getlist(name)) for name in form if name != CSRF_FIELD}


Given = Annotated[dict[str, str], Depends(given_in_form)]


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise NotFound("没有这类基础资料")
    return KINDS[name]


@router.get("")
def go_to_units() -> RedirectResponse:
    """The way in."""
    return RedirectResponse("/reference/units", SEE_OTHER)


@router.get("/{name}")
def show_entries(
    request: Request, name: KindName, _actor: Editor, session: Reading, text: Annotated[str, Query(max_length=60)] = ""
) -> HTMLResponse:
    """Rows of one kind by code, those whose name or code holds the text."""
    kind = _kind(name)
    query = select(kind.model).order_by(kind.model.code).limit(SHOWN + 1)
    if words := text.replace("\0", "").strip():
        named = [column.icontains(words, autoescape=True) for column in kind.searched]
        query = query.where(or_(kind.model.code.startswith(words, autoescape=True), *named))
    rows = list(session.scalars(query))
    return render(
        request,
        "catalogue/reference_list.html",
        kinds=KINDS,
        kind=kind,
        rows=[(row, shown_values(session, kind, row)) for row in rows[:SHOWN]],
        is_cut=len(rows) > SHOWN,
        most=SHOWN,
        text=text,
    )


@router.get("/{name}/new")
def show_new(request: Request, name: KindName, _actor: Editor, session: Reading) -> HTMLResponse:
    """The empty form."""
    return _form_page(request, session, _kind(name))


@router.post("/{name}/new")
def take_new(
    *, request: Request, name: KindName, given: Given, actor: Editor, database: DatabaseDep, clock: ClockDep
) -> Response:
    """A new row; what is wrong is said beside the field, and nothing that was typed is lost."""
    kind, now = _kind(name), clock()
    try:
        values = read_values(kind, given, is_new=True)
        with database.transaction() as session:
            code = kind.create(session, values.pop("code"), values, actor=actor.name, now=now).code
    except (HotlineError, ValidationError) as problem:
        with database.reading() as session:
            return _form_page(request, session, kind, given=given, problem=problem)
    return RedirectResponse(f"/reference/{name}/{code}?done=1", SEE_OTHER)


@router.get("/{name}/{code}")
def show_entry(
    request: Request, name: KindName, code: Code, _actor: Editor, session: Reading, done: str = ""
) -> HTMLResponse:
    """One row to edit, and its history."""
    return _form_page(request, session, _kind(name), code=code, is_done=done == "1")


@router.post("/{name}/{code}")
def take_entry(
    *, request: Request, name: KindName, code: Code, given: Given, actor: Editor, database: DatabaseDep, clock: ClockDep
) -> Response:
    """Change a row as it was read; a colleague's change in between is told, not overwritten."""
    kind, now = _kind(name), clock()
    version = given.pop("version", "")
    try:
        values = read_values(kind, given, is_new=False)
        with database.transaction() as session:
            read = int(version) if version.isdecimal() else 0
            kind.edit(session, code, values, version=read, actor=actor.name, now=now)
    except NotFound:
        raise
    except (HotlineError, ValidationError) as problem:
        with database.reading() as session:
            return _form_page(request, session, kind, code=code, given=given, problem=problem)
    return RedirectResponse(f"/reference/{name}/{code}?done=1", SEE_OTHER)


def _form_page(
    request: Request,
    session: Session,
    kind: Kind,
    *,
    code: str = "",
    given: Mapping[str, str] | None = None,
    problem: HotlineError | ValidationError | None = None,
    is_done: bool = False,
) -> HTMLResponse:
    row = editing.get_entry(session, kind.model, code) if code else None
    history = editing.history(session, kind.model, code) if code else []
    told, errors = _told(problem)
    return render(
        request,
        "catalogue/reference_edit.html",
        status_code=getattr(problem, "status", 422) if problem else 200,
        kinds=KINDS,
        kind=kind,
        row=row,
        fields=[_shown(session, kind, field, row, given) for field in kind.fields if row is None or field.may_change],
        history=[(change, _changes(session, kind, change)) for change in reversed(history)],
        told=told,
        errors=errors,
        is_done=is_done,
    )


def _shown(
    session: Session, kind: Kind, field: Field, row: Any, given: Mapping[str, str] | None
) -> tuple[Field, Any, list[tuple[str, str]]]:
    """A field, what stands in it, and what may be chosen."""
    if given is not None:
        value: Any = given.get(field.name, "")
    elif row is not None:
        value = getattr(row, field.name)
    else:
        value = field.default
    return field, value, choices_of(session, kind, field)


def _changes(session: Session, kind: Kind, change: ReferenceChange) -> list[tuple[str, str, str]]:
    labels = {field.name: field for field in kind.fields}
    return [
        (labels[name].label, *tell_change(session, labels[name], pair))
        for name, pair in change.changes.items()
        if name in labels
    ]


def _told(problem: HotlineError | ValidationError | None) -> tuple[str, dict[str, str]]:
    """One sentence, and what is wrong with each field."""
    if problem is None:
        return "", {}
    if isinstance(problem, ValidationError):
        return "请改正标出的内容", {error.field: error.message for error in chinese_errors(problem.errors())}
    errors = problem.extra.get("errors", []) if isinstance(problem, EntryRefused) else []
    return problem.detail, {error["field"]: error["message"] for error in errors}  # type: ignore[attr-defined]
