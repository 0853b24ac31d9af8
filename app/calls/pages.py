"""Pages of calls: the list, one call with its timeline, the missed-call list. Numbers are masked here for everybody."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.calls import service
from app.calls.models import CallOutcome
from app.calls.rules import normalize_number
from app.lines.service import list_lines
from app.platform.clock import SHANGHAI
from app.platform.errors import HotlineError
from app.platform.http import ClockDep, Reading
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

CallReader = Annotated[Actor, Depends(require(Permission.CALLS_READ))]
MissedReader = Annotated[Actor, Depends(require(Permission.MISSED_CALLS_READ))]
Word = Annotated[str, Query(max_length=80)]
PAGE_SIZE = 50


class BadCursor(HotlineError):
    """The address of a next page was changed by hand."""

    code = "bad-cursor"
    title = "翻页地址无效，请回到第一页"
