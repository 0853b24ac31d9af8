"""Pages of users: the list, a new one, one person with what may be changed. Each change says how it went."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.orm import Session

from app.accounts import service, users
from app.accounts.auth import Actor, require
from app.accounts.models import Role, User
from app.accounts.rules import Permission
from app.accounts.user_schemas import UserIn
from app.platform.cursors import make_cursor, read_cursor
from app.platform.database import Database
from app.platform.errors import HotlineError
from app.platform.http import ClockDep, DatabaseDep, Reading
from app.platform.pages import render
from app.platform.plan_words import queue_names

router = APIRouter(include_in_schema=False)

PAGE_SIZE = 50
Reader = Annotated[Actor, Depends(require(Permission.USERS_READ))]
Administrator = Annotated[Actor, Depends(require(Permission.USERS_READ, Permission.USERS_WRITE))]
Username = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Text = Annotated[str, Form(max_length=200)]


class UserFilters(BaseModel):
    """The filter form as it stands in the address; empty fields say nothing."""

    text: str = Field(default="", max_length=80)
    role: str = Field(default="", max_length=20)
    state: str = Field(default="", max_length=10)
    cursor: str = Field(default="", max_length=200)

    @property
    def kept(self) -> dict[str, str]:
        return self.model_dump(exclude={"cursor"}, exclude_defaults=True)


@router.get("/users")
def show_users(
    request: Request, actor: Reader, session: Reading, form: Annotated[UserFilters, Query()]
) -> HTMLResponse:
    """Everybody with an account, by username."""
    rows = users.list_users(
        session, text=form.text.strip(), role=form.role or None, is_active={"on": True, "off": False}.get(form.state),
        after=read_cursor(form.cursor, str)[0] if form.cursor else "", limit=PAGE_SIZE + 1,
    )  # fmt: skip
    shown, next_url = rows[:PAGE_SIZE], ""
    if len(rows) > PAGE_SIZE:
        next_url = "/users?" + urlencode({**form.kept, "cursor": make_cursor(shown[-1].username, 0)})
    return render(
        request, "accounts/users.html", users=shown, form=form, is_filtered=bool(form.kept),
        may_change=actor.may(Permission.USERS_WRITE), next_url=next_url,
        first_url="/users?" + urlencode(form.kept) if form.cursor else "",
    )  # fmt: skip


@router.get("/new-user")
def show_new_user(request: Request, _actor: Administrator) -> HTMLResponse:
    """The form."""
    return _new_user_page(request, {"role": Role.AGENT.value})


@router.post("/users")
def take_new_user(
    *, request: Request, actor: Administrator, database: DatabaseDep, clock: ClockDep,
    username: Text = "", display_name: Text = "", role: Text = "", seat: Text = "", queues: Text = "",
    unit_code: Text = "", region_code: Text = "",
) -> HTMLResponse:  # fmt: skip
    """Create somebody and show his one-time password; or the form again with what is wrong, beside its field."""
    typed = {"username": username, "display_name": display_name, "role": role, "seat": seat, "queues": queues}
    typed |= {"unit_code": unit_code.strip(), "region_code": region_code.strip()}
    try:
        wanted = UserIn.model_validate({**typed, "queues": read_queues(queues)})
        with database.transaction() as session:
            user, password = users.add_user(
                session, wanted.username, display_name=wanted.display_name, role=wanted.role, now=clock(),
                seat=wanted.seat, queues=wanted.queues, unit_code=wanted.unit_code,
                region_code=wanted.region_code, actor=actor,
            )  # fmt: skip
    except ValidationError as error:
        faulty = {str(fault["loc"][0]) for fault in error.errors()}
        return _new_user_page(request, typed, {name: FIELD_FAULTS[name] for name in faulty})
    except (users.UnitNeeded, service.UnitRefused) as refusal:
        return _new_user_page(request, typed, {"unit_code": refusal.detail})
    except service.RegionRefused as refusal:
        return _new_user_page(request, typed, {"region_code": refusal.detail})
    except service.UsernameTaken as refusal:
        return _new_user_page(request, typed, {"username": refusal.detail})
    return _user_page(request, database, user.username, actor, password=password, said="用户已建立")


@router.get("/users/{username}")
def show_user(request: Request, actor: Reader, database: DatabaseDep, username: Username) -> HTMLResponse:
    """One person, and what may be changed. UserNotFound."""
    return _user_page(request, database, username, actor)


@router.post("/users/{username}/role")
def take_role(
    *, request: Request, actor: Administrator, database: DatabaseDep, clock: ClockDep, username: Username,
    role: Annotated[Role, Form()],
    unit_code: Annotated[str, Form(max_length=40)] = "",
    region_code: Annotated[str, Form(max_length=12)] = "",
) -> HTMLResponse:  # fmt: skip
    """Other rights. The page says how it went."""
    now = clock()
    return _change(
        request, database, actor, username, said="角色已更换，这位用户的登录已全部退出",
        change=lambda session: users.change_role(
            session, username, role, now=now, unit_code=unit_code.strip(), region_code=region_code.strip(), actor=actor
        ),
    )  # fmt: skip


@router.post("/users/{username}/disable")
def take_disabling(
    request: Request, actor: Administrator, database: DatabaseDep, clock: ClockDep, username: Username
) -> HTMLResponse:
    """Switch the account off."""
    now = clock()
    return _change(
        request, database, actor, username, said="已停用，这位用户的登录已全部退出",
        change=lambda session: users.disable_user(session, username, now=now, actor=actor),
    )  # fmt: skip


@router.post("/users/{username}/enable")
def take_enabling(
    request: Request, actor: Administrator, database: DatabaseDep, clock: ClockDep, username: Username
) -> HTMLResponse:
    """Switch it on again."""
    now = clock()
    return _change(
        request, database, actor, username, said="已启用",
        change=lambda session: users.enable_user(session, username, now=now, actor=actor),
    )  # fmt: skip


@router.post("/users/{username}/password")
def take_password_order(
    request: Request, actor: Administrator, database: DatabaseDep, clock: ClockDep, username: Username
) -> HTMLResponse:
    """A one-time password, shown on this answer alone."""
    with database.transaction() as session:
        _, password = users.issue_password(session, username, now=clock(), actor=actor)
    return _user_page(request, database, username, actor, password=password, said="原密码已失效，登录已全部退出")


FIELD_FAULTS = {
    "username": service.UsernameRefused.title,
    "display_name": "请填写姓名，最多 80 个字",
    "role": "请选择角色",
    "seat": "分机只能用字母、数字和横线",
    "region_code": "区域代码为 6 位、9 位或 12 位数字",
    "unit_code": "单位代码只能用小写字母、数字和横线",
    "queues": "请写成“队列=优先级”，用逗号分开，如 common=0, consumer=1",
}


def read_queues(text: str) -> dict[str, str]:
    """`common=0, consumer` → penalty by queue, for the schema to judge; without `=` it is 0."""
    parts = [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
    pairs = [part.partition("=") for part in parts]
    return {name.strip(): penalty.strip() or "0" for name, _, penalty in pairs}


def _change(
    request: Request, database: Database, actor: Actor, username: str, *, said: str, change: Callable[[Session], User]
) -> HTMLResponse:
    try:
        with database.transaction() as session:
            change(session)
    except HotlineError as refusal:
        return _user_page(request, database, username, actor, refusal=refusal)
    return _user_page(request, database, username, actor, said=said)


def _user_page(
    request: Request, database: Database, username: str, actor: Actor, *, password: str = "", said: str = "",
    refusal: HotlineError | None = None,
) -> HTMLResponse:  # fmt: skip
    with database.reading() as session:
        user, names = service.get_user(session, username), queue_names(session)
    return render(
        request, "accounts/user.html", status_code=refusal.status if refusal else 200, user=user, password=password,
        said=said, error=refusal.detail if refusal else "", may_change=actor.may(Permission.USERS_WRITE),
        may_audit=actor.may(Permission.AUDIT_READ), queue_names=names,
    )  # fmt: skip


def _new_user_page(request: Request, typed: dict[str, Any], errors: dict[str, str] | None = None) -> HTMLResponse:
    blank = dict.fromkeys(FIELD_FAULTS, "")
    return render(
        request, "accounts/user_new.html", status_code=422 if errors else 200, typed=blank | typed,
        errors=blank | (errors or {}),
    )  # fmt: skip
