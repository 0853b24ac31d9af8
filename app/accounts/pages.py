"""Pages: log in, log out, the way home, the own account."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from app.accounts import cookies, login, service
from app.accounts.auth import Actor, actor_of_user, address_of, authenticate, require
from app.accounts.models import Role
from app.platform.errors import HotlineError
from app.platform.http import ClockDep, DatabaseDep, Writing
from app.platform.pages import render

router = APIRouter(include_in_schema=False)

HOME: dict[Role, str] = {
    Role.AGENT: "/desk",
    Role.SUPERVISOR: "/supervision",
    Role.OPS: "/operations/lines",
    Role.UNIT_STAFF: "/work",
    Role.UNIT_LEADER: "/work",
    Role.AUDITOR: "/audit",
    Role.DISPATCHER: "/work",
    Role.REVIEWER: "/reviews",
    Role.FOLLOW_UP: "/follow-ups",
    Role.ADMIN: "/users",
}
"""Where each role starts."""

SEE_OTHER = 303
Person = Annotated[Actor, Depends(require())]


def local_path(wanted: str) -> str:
    """The wanted address if it is a path of ours, else the way home: a log-in must not lead to another site."""
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc
    return wanted if is_ours and wanted.isprintable() and "\\" not in wanted else "/"


def home_of(actor: Actor | None) -> str:
    """Where this person starts; who holds a one-time password at his account, to change it."""
    if actor is None or actor.role is None:
        return "/login"
    return "/account" if actor.must_change_password else HOME[actor.role]


@router.get("/")
async def go_home(request: Request) -> Response:
    """Everybody to the place where his work is."""
    actor = await authenticate(request)
    return RedirectResponse(home_of(actor), SEE_OTHER)


@router.get("/login")
async def show_login(request: Request, next: str = "/") -> Response:
    """The log-in form; who is logged in already goes on."""
    if await authenticate(request):
        return RedirectResponse(local_path(next), SEE_OTHER)
    return _login_page(request, next=next)


@router.post("/login")
def take_login(
    *,
    request: Request,
    database: DatabaseDep,
    clock: ClockDep,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
    csrf_token: Annotated[str, Form()] = "",
) -> Response:
    """Log in and go on; or the form again with the reason."""
    try:
        cookies.refuse_foreign_login_form(request, csrf_token)
        user = login.log_in(database, clock, username, password, address_of(request))
    except HotlineError as refusal:
        return _login_page(request, next=next, username=username[:64], refusal=refusal)
    response = RedirectResponse("/account" if user.is_password_issued else local_path(next), SEE_OTHER)
    cookies.start_session(request, response, user, clock())
    return response


def _login_page(
    request: Request,
    *,
    next: str,
    username: str = "",
    refusal: HotlineError | None = None,
) -> HTMLResponse:
    nonce = cookies.greet_visitor(request)
    response = render(
        request,
        "accounts/login.html",
        status_code=refusal.status if refusal else 200,
        next=local_path(next),
        username=username,
        error=refusal.detail if refusal else "",
    )
    cookies.put_visitor(request, response, nonce)
    return response


@router.post("/logout")
def take_logout(request: Request, actor: Person, session: Writing, clock: ClockDep) -> Response:
    """End every log-in of this person and show the log-in form."""
    login.log_out(session, actor, clock())
    response = RedirectResponse("/login", SEE_OTHER)
    cookies.drop_session(request, response)
    return response


@router.get("/account")
async def show_account(request: Request, actor: Person) -> HTMLResponse:
    """Who I am, what I may do, and the form for a new password."""
    return _account_page(request, actor)


@router.post("/account/password")
def take_password(
    *,
    request: Request,
    actor: Person,
    database: DatabaseDep,
    clock: ClockDep,
    current_password: Annotated[str, Form()] = "",
    new_password: Annotated[str, Form()] = "",
    repeated_password: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Change the own password; the page says how it went."""
    now = clock()
    try:
        if new_password != repeated_password:
            raise service.PasswordRefused("两次输入的新密码不一致")
        with database.transaction() as session:
            user = service.change_password(session, actor.name, current_password, new_password, now=now)
    except HotlineError as refusal:
        return _account_page(request, actor, refusal)
    answer = Response()
    request.state.csrf_token = cookies.start_session(request, answer, user, now)
    request.state.actor = actor_of_user(user, actor.address)
    page = _account_page(request, request.state.actor, is_saved=True)
    page.raw_headers.extend(header for header in answer.raw_headers if header[0] == b"set-cookie")
    return page


def _account_page(
    request: Request, actor: Actor, refusal: HotlineError | None = None, *, is_saved: bool = False
) -> HTMLResponse:
    return render(
        request,
        "accounts/account.html",
        status_code=refusal.status if refusal else 200,
        error=refusal.detail if refusal else "",
        is_saved=is_saved,
        actor=actor,
    )
