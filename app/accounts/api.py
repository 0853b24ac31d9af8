"""JSON: log in, who am I, log out, change the password."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, status

from app.accounts import cookies, login, service
from app.accounts.auth import Actor, actor_of_user, address_of, require
from app.accounts.schemas import LogInIn, PasswordIn, SessionOut
from app.platform.errors import NotAllowed
from app.platform.http import ClockDep, DatabaseDep, Writing

router = APIRouter(tags=["session"])


async def require_person(actor: Annotated[Actor, Depends(require())]) -> Actor:
    """Somebody with a log-in. NotAllowed: a service token has no session."""
    if actor.user_id is None:
        raise NotAllowed("服务令牌没有登录会话")
    return actor


Person = Annotated[Actor, Depends(require_person)]


REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"description": "Wrong name or password, or the account is switched off"},
    403: {"description": "Sent by another site's page"},
    429: {"description": "Too many attempts; wait `Retry-After` seconds"},
}


@router.post("/session", summary="Log in", responses=REFUSALS)
def start_session(
    body: LogInIn, request: Request, response: Response, database: DatabaseDep, clock: ClockDep
) -> SessionOut:
    """Check the password and set the session cookie.

    Answers 401 whether the name or the password is wrong, 429 with `retry_after_seconds` after too many attempts on
    one account or from one address. The cookie dies after `HOTLINE_SESSION_MINUTES` without a request.
    """
    cookies.refuse_foreign_login_request(request)
    user = login.log_in(database, clock, body.username, body.password, address_of(request))
    csrf_token = cookies.start_session(request, response, user, clock())
    return SessionOut.of(actor_of_user(user), csrf_token)


@router.get("/session", summary="Who am I")
async def read_session(actor: Person, request: Request) -> SessionOut:
    """The person behind the cookie. Counts as activity: a page that stays open asks now and then."""
    return SessionOut.of(actor, request.state.csrf_token)


@router.delete("/session", summary="Log out", status_code=status.HTTP_204_NO_CONTENT)
def end_session(actor: Person, request: Request, session: Writing, clock: ClockDep) -> Response:
    """End every log-in of this person, on every device, at once."""
    login.log_out(session, actor, clock())
    response = Response(status_code=status.HTTP_204_NO_CONTENT)
    cookies.drop_session(request, response)
    return response


@router.post("/session/password", summary="Change the own password")
def change_password(
    *, body: PasswordIn, actor: Person, request: Request, response: Response, session: Writing, clock: ClockDep
) -> SessionOut:
    """Needs the current password; every other log-in of this person ends, this one gets a new cookie."""
    now = clock()
    user = service.change_password(session, actor.name, body.current_password, body.new_password, now=now)
    csrf_token = cookies.start_session(request, response, user, now)
    return SessionOut.of(actor_of_user(user), csrf_token)
