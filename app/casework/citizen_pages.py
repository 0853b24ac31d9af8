"""The citizen's page: how far is my matter, and something to add. Open to everybody; guesses are slowed down.

Code and number travel in the form's body, never in an address: addresses are kept in logs and histories.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse

from app.accounts import cookies
from app.accounts.auth import address_of, citizen_of
from app.casework import progress
from app.casework.files import MIB, MOST_AT_ONCE, MOST_BYTES, OF_FILES, FileRefused, Upload, read_upload, shelf_at
from app.casework.materials import MOST, add_material
from app.platform.database import Database
from app.platform.errors import HotlineError, NotFound, TooManyAttempts
from app.platform.http import ClockDep, DatabaseDep, SettingsDep
from app.platform.pages import render
from app.tickets import service as tickets
from app.tickets.numbers import QUERY_CODE_LENGTH
from app.tickets.reports import note_reading

router = APIRouter(include_in_schema=False)

Number = Annotated[str, Form(max_length=30)]
Code = Annotated[str, Form(max_length=20)]
Token = Annotated[str, Form(max_length=200)]
Files = Annotated[Sequence[UploadFile], File()]

log = structlog.get_logger()


@dataclass(frozen=True)
class Asked:
    """What the citizen typed."""

    number: str
    code: str

    @classmethod
    def of(cls, number: str, code: str) -> "Asked":
        return cls(number.replace("\0", "").strip(), code.strip())


class NotTheirs(NotFound):
    """A wrong number and a wrong code are told alike."""

    code = "no-such-matter"
    title = "没有查到。请核对工单号（或留下的电话号码）和查询码"


@router.get("/progress")
def show_form(request: Request) -> HTMLResponse:
    """The form."""
    return _page(request)


@router.post("/progress")
def take_lookup(
    *,
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    clock: ClockDep,
    number: Number = "",
    code: Code = "",
    csrf_token: Token = "",
) -> HTMLResponse:
    """How far the matter is; or the form again with the reason."""
    asked = Asked.of(number, code)
    try:
        cookies.refuse_foreign_login_form(request, csrf_token)
        ticket_id = _find(request, database, asked, settings.area_code, clock())
    except HotlineError as refusal:
        return _page(request, asked=Asked(asked.number, ""), refusal=refusal)
    return _found(request, database, ticket_id, asked, clock())


@router.post("/progress/material")
def take_material(
    *,
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    clock: ClockDep,
    number: Number = "",
    code: Code = "",
    text: Annotated[str, Form(max_length=5000)] = "",
    files: Files = (),
    csrf_token: Token = "",
) -> HTMLResponse:
    """Something to add, in words or as files; then the same page with it."""
    asked, now = Asked.of(number, code), clock()
    try:
        cookies.refuse_foreign_login_form(request, csrf_token)
        ticket_id = _find(request, database, asked, settings.area_code, now)
    except HotlineError as refusal:
        return _page(request, asked=Asked(asked.number, ""), refusal=refusal)
    try:
        uploads = _read_files(files)
        with shelf_at(settings.home) as shelf, database.transaction() as session:
            add_material(session, ticket_id, text, now, uploads=uploads, shelf=shelf)
    except HotlineError as refusal:
        return _found(request, database, ticket_id, asked, now, text=text, refusal=refusal)
    return _found(request, database, ticket_id, asked, now, is_added=True)


def _read_files(sent: Sequence[UploadFile]) -> list[Upload]:
    """What the citizen chose. A browser sends an empty part where nothing is chosen. FileRefused."""
    chosen = [one for one in sent if one.filename]
    if len(chosen) > MOST_AT_ONCE:
        raise FileRefused(f"一次最多上传{MOST_AT_ONCE}个附件")
    return [read_upload(one.filename or "", one.file.read(MOST_BYTES + 1)) for one in chosen]


def _find(request: Request, database: Database, asked: Asked, area_code: str, now: datetime) -> int:
    """The ticket's id. An attempt is counted before anything is looked up. NotTheirs, TooManyAttempts."""
    number, code = asked.number, asked.code
    if not number or len(code) != QUERY_CODE_LENGTH or not (code.isascii() and code.isdigit()):
        raise NotTheirs(f"请填写工单号或电话号码，以及{QUERY_CODE_LENGTH}位数字查询码")
    address = address_of(request)
    with database.transaction() as session:
        wait = progress.count_attempt(session, number, code, address, now)
    if wait is not None:
        log.warning("progress_locked", address=address)
        raise TooManyAttempts(
            f"查询次数过多，请在{_minutes(wait)}分钟后再试，或拨打12345", retry_after_seconds=_seconds(wait)
        )
    with database.transaction() as session:
        ticket = progress.find_ticket(session, number, code, area_code=area_code)
        if ticket is not None:
            progress.forgive_attempt(session, number, code, address)
            return ticket.id
    raise NotTheirs()


def _seconds(wait: timedelta) -> int:
    return math.ceil(wait.total_seconds())


def _minutes(wait: timedelta) -> int:
    return math.ceil(wait.total_seconds() / 60)


def _found(
    request: Request,
    database: Database,
    ticket_id: int,
    asked: Asked,
    now: datetime,
    *,
    text: str = "",
    refusal: HotlineError | None = None,
    is_added: bool = False,
) -> HTMLResponse:
    with database.reading() as session:
        ticket = tickets.get_ticket(session, ticket_id)
        note_reading(session, citizen_of(request, request.url.path), ticket)
        matter = progress.read_progress(session, ticket, now)
    return _page(request, asked=asked, matter=matter, text=text, refusal=refusal, is_added=is_added)


def _page(
    request: Request,
    *,
    asked: Asked = Asked("", ""),
    matter: progress.Progress | None = None,
    text: str = "",
    refusal: HotlineError | None = None,
    is_added: bool = False,
) -> HTMLResponse:
    nonce = cookies.greet_visitor(request)
    response = render(
        request,
        "casework/progress.html",
        status_code=refusal.status if refusal else 200,
        number=asked.number,
        code=asked.code,
        matter=matter,
        stages=progress.STAGES,
        text=text,
        error=refusal.detail if refusal and not isinstance(refusal, OF_FILES) else "",
        file_error=refusal.detail if isinstance(refusal, OF_FILES) else "",
        is_added=is_added,
        longest=MOST,
        most_files=MOST_AT_ONCE,
        most_mib=MOST_BYTES // MIB,
        headers={"Cache-Control": "no-store"},
    )
    cookies.put_visitor(request, response, nonce)
    return response
