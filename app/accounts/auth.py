"""Who asks, and may they? `require(Permission.X)` is the dependency of every handler that is not public.

People come with the session cookie, machines with a bearer token. One indexed read per request, whoever asks.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select

from app.accounts.models import Role, ServiceToken, User
from app.accounts.rules import Permission, permissions_of_person, permissions_of_scopes
from app.accounts.sessions import SESSION_COOKIE, LogInSession, SessionSigner
from app.platform.database import Database
from app.platform.errors import HotlineError, NotAllowed, NotLoggedIn
from app.platform.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
API_PATHS = "/api/"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
TOKEN_BELIEVED = timedelta(seconds=1)
"""A token that is switched off opens nothing after so long at most."""


class CsrfRefused(HotlineError):
    """A changing request that does not prove it comes from our own page."""

    status = 403
    code = "csrf-refused"
    title = "页面已过期，请刷新后重试"


class PasswordChangeNeeded(HotlineError):
    """The password was given out by somebody else: it opens the own account alone, until it is changed."""

    status = 403
    code = "password-change-needed"
    title = "请先在“我的账号”里把一次性密码改成自己的密码"


class TokenRefused(HotlineError):
    """A bearer token that is unknown or switched off."""

    status = 401
    code = "token-refused"
    title = "访问令牌无效"


@dataclass(frozen=True)
class Asking:
    """The request by which somebody asks: when, for which address, and whether it goes on with a page that is open."""

    at: datetime
    path: str
    goes_on: bool = False


@dataclass(frozen=True)
class Actor:
    """Who asks. `name` is the username, or the name of a service token."""

    name: str
    role: Role | None = None
    user_id: int | None = None
    scopes: frozenset[str] = frozenset()
    display_name: str = ""
    address: str = ""
    permissions: frozenset[Permission] = field(default=frozenset(), repr=False)
    node: str | None = None
    """A machine that may report for this node alone."""
    line: str | None = None
    """A foreign exchange: it may report calls of this line alone."""
    unit: str = ""
    """Code of the unit that a person works for; empty: the hotline itself."""
    region: str = ""
    """Code of the region that a person of the hotline is bound to (R33); empty: to none."""
    must_change_password: bool = False
    """Until then `permissions` are empty."""
    asking: Asking | None = None
    """None: no request, but a sweep or a command."""

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


SYSTEM = Actor(name="system", display_name="系统")
"""What happens by itself: sweeps, set-up."""


def actor_of_user(user: User, address: str = "") -> Actor:
    """The person as an actor."""
    role = Role(user.role)
    return Actor(
        name=user.username,
        role=role,
        user_id=user.id,
        display_name=user.display_name,
        address=address,
        unit=user.unit_code,
        region=user.region_code,
        permissions=frozenset() if user.is_password_issued else permissions_of_person(role, user.region_code),
        must_change_password=user.is_password_issued,
    )


def address_of(request: Request) -> str:
    """IP address of who asks; behind a proxy on this machine uvicorn has put the real one here."""
    return request.client.host if request.client else ""


def asking_of(request: Request) -> Asking:
    """A part that htmx fetches for a page, and whatever is done on one, goes on with it."""
    goes_on = request.method not in SAFE_METHODS or request.headers.get("HX-Request") == "true"
    return Asking(request.app.state.clock(), request.url.path, goes_on)


def citizen_of(request: Request, path: str) -> Actor:
    """A citizen at his own matter; he has no account. `path` instead of the address, which may hold what opens it."""
    return Actor("citizen", address=address_of(request), asking=replace(asking_of(request), path=path))


def hash_token(token: str) -> str:
    """What is stored of a service token. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_user_of_session(database: Database, session: LogInSession) -> User | None:
    """The active user of this session, unless he has logged out since."""
    with database.reading() as reading:
        user = reading.get(User, session.user_id)
    return user if user and user.is_active and user.session_epoch == session.epoch else None


def find_actor_of_token(database: Database, token: str, address: str) -> Actor | None:
    """The machine that holds this token."""
    with database.reading() as reading:
        row = reading.scalar(select(ServiceToken).where(ServiceToken.token_hash == hash_token(token)))
    if row is None or not row.is_active:
        return None
    scopes = frozenset(str(scope) for scope in row.scopes)
    return Actor(
        name=row.name,
        scopes=scopes,
        address=address,
        permissions=permissions_of_scopes(scopes),
        node=row.node,
        line=row.line,
    )


def read_session(request: Request) -> LogInSession | None:
    """The session that the request's cookie claims; the user is not looked up yet."""
    settings: Settings = request.app.state.settings
    signer: SessionSigner = request.app.state.signer
    cookie = request.cookies.get(SESSION_COOKIE, "")
    idle = timedelta(minutes=settings.session_minutes)
    return signer.read(cookie, now=request.app.state.clock(), idle=idle) if cookie else None


async def authenticate(request: Request) -> Actor | None:
    """Who asks: an actor, or None for a visitor. TokenRefused, CsrfRefused. Asked twice, answered once."""
    if hasattr(request.state, "actor"):
        known: Actor | None = request.state.actor
        return known
    actor = await _authenticate(request)
    if actor is not None:
        actor = replace(actor, asking=asking_of(request))
    request.state.actor = actor
    return actor


async def _authenticate(request: Request) -> Actor | None:
    database: Database = request.app.state.database
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and request.url.path.startswith(API_PATHS):  # pages are for people
        return await _actor_of_token(request, token.strip())
    session = read_session(request)
    if session is None:
        return None
    user = await run_in_threadpool(find_user_of_session, database, session)
    if user is None:
        return None
    await refuse_foreign_page(request, session.nonce)
    now = request.app.state.clock()
    request.state.session = session.seen(now)
    request.state.csrf_token = request.app.state.signer.csrf_token(session.nonce)
    request.state.renews_session = session.is_stale(now)
    return actor_of_user(user, address_of(request))


async def _actor_of_token(request: Request, token: str) -> Actor:
    """The machine; a good token is believed for a second, because telephony shows it many times in that time."""
    believed: dict[tuple[str, str], tuple[datetime, Actor]] = request.app.state.believed_tokens
    address, now = address_of(request), request.app.state.clock()
    key = hash_token(token), address
    if key in believed and now - believed[key][0] < TOKEN_BELIEVED:
        return believed[key][1]
    believed.pop(key, None)
    actor = await run_in_threadpool(find_actor_of_token, request.app.state.database, token, address)
    if actor is None:
        raise TokenRefused()
    believed[key] = now, actor
    return actor


async def refuse_foreign_page(request: Request, nonce: str) -> None:
    """CsrfRefused unless an unsafe request carries the token of this session, in the header or in the form."""
    if request.method in SAFE_METHODS:
        return
    token = request.headers.get(CSRF_HEADER, "")
    if not token and request.headers.get("content-type", "").startswith(FORM_TYPES):
        token = str((await request.form()).get(CSRF_FIELD, ""))
    if not request.app.state.signer.is_csrf_token(nonce, token):
        raise CsrfRefused()


@dataclass(frozen=True)
class Require:
    """Dependency: the actor, if he holds every one of `needed`. NotLoggedIn, NotAllowed, PasswordChangeNeeded."""

    needed: tuple[Permission, ...]

    async def __call__(self, request: Request) -> Actor:
        actor = await authenticate(request)
        if actor is None:
            raise NotLoggedIn()
        missing = [permission for permission in self.needed if not actor.may(permission)]
        if missing and actor.must_change_password:
            raise PasswordChangeNeeded()
        if missing:
            raise NotAllowed(missing=missing)
        return actor


@cache
def require(*needed: Permission) -> Require:
    """`actor: Annotated[Actor, Depends(require(Permission.X))]`; with no permission: anybody who is logged in."""
    return Require(needed)
