"""The page of personal data: export, delete, what was deleted, and how long what is kept."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.accounts.service import display_names
from app.platform.cursors import make_cursor, read_cursor
from app.platform.http import Reading, SettingsDep
from app.platform.pages import render
from app.privacy.certificates import list_certificates
from app.privacy.retention import load_classes

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 20
TABLES = {
    "tickets": "工单", "ticket_history": "办理记录", "calls": "通话", "call_events": "通话明细",
    "missed_calls": "未接来电", "callbacks": "回拨", "callback_tries": "回拨试呼", "priority_callers": "优先来电",
    "incident_followers": "关注号码", "referrals": "警情分流", "recordings": "录音文件", "journals": "日志文件",
    "screen_pops": "弹屏", "handovers": "转接", "outbox_messages": "短信",
}  # fmt: skip
OTHER_TABLES = "其他记录"


@router.get("/personal-data")
def show_personal_data(
    request: Request,
    actor: Annotated[Actor, Depends(require(Permission.PERSONAL_DATA_READ))],
    session: Reading,
    settings: SettingsDep,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Certificates the newest first; the forms for who may act."""
    before = read_cursor(cursor, str)[1] if cursor else None
    rows = list_certificates(session, before_id=before, limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    classes = load_classes(settings.home)
    return render(
        request,
        "privacy/personal_data.html",
        certificates=[(row, told(row.deleted), told(row.pseudonymised)) for row in shown],
        classes=classes,
        class_names={one.code: one.name for one in classes},
        names=display_names(session),
        may_act=actor.may(Permission.PERSONAL_DATA_WRITE),
        next_url=f"/personal-data?cursor={make_cursor('', shown[-1].id)}" if len(rows) > PAGE_SIZE else "",
        first_url="/personal-data" if cursor else "",
    )


def told(counts: dict[str, int]) -> dict[str, int]:
    """Counts by what people call it."""
    words: dict[str, int] = {}
    for name, count in counts.items():
        word = TABLES.get(name, OTHER_TABLES)
        words[word] = words.get(word, 0) + count
    return {word: count for word, count in words.items() if count}
