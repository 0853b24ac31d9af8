"""Cookies on the way out: log-in, renewal, log-out, and the visitor's cookie of the log-in form."""

import secrets
from datetime import datetime

from fastapi import Request
from starlette.responses import Response

from app.accounts.auth import CsrfRefused
from app.accounts.models import User
from app.accounts.sessions import MAX_AGE, SESSION_COOKIE, VISITOR_COOKIE, LogInSession, SessionSigner


def _put(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    is_secure: bool = request.app.state.settings.is_cookie_secure
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=is_secure)


def put_session(request: Request, response: Response, session: LogInSession) -> None:
    """The cookie of this session; the server judges its time, the browser keeps it for a shift at most."""
    signer: SessionSigner = request.app.state.signer
    _put(request, response, SESSION_COOKIE, signer.write(session), int(MAX_AGE.total_seconds()))


def start_session(request: Request, response: Response, user: User, now: datetime) -> str:
    """Log this browser in; returns the CSRF token. A fresh nonce each time, so no session can be planted."""
    session = LogInSession.start(user.id, user.session_epoch, now)
    put_session(request, response, session)
    request.state.renews_session = False
    signer: SessionSigner = request.app.state.signer
    return signer.csrf_token(session.nonce)


def drop_session(request: Request, response: Response) -> None:
    """Take the cookie back."""
    request.state.renews_session = False
    _put(request, response, SESSION_COOKIE, "", 0)


def greet_visitor(request: Request) -> str:
    """The visitor's nonce, known or new; sets the CSRF token that the page's form will carry."""
    signer: SessionSigner = request.app.state.signer
    nonce = signer.read_visitor(request.cookies.get(VISITOR_COOKIE, "")) or secrets.token_urlsafe(16)
    request.state.csrf_token = signer.csrf_token(nonce)
    return nonce


def put_visitor(request: Request, response: Response, nonce: str) -> None:
    signer: SessionSigner = request.app.state.signer
    _put(request, response, VISITOR_COOKIE, signer.write_visitor(nonce), 3600)


def refuse_foreign_login_form(request: Request, token: str) -> None:
    """CsrfRefused unless the log-in form was shown to this browser by us."""
    signer: SessionSigner = request.app.state.signer
    nonce = signer.read_visitor(request.cookies.get(VISITOR_COOKIE, ""))
    if nonce is None or not signer.is_csrf_token(nonce, token):
        raise CsrfRefused()


def refuse_foreign_login_request(request: Request) -> None:
    """CsrfRefused when a browser says that another site's page sends this log-in."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise CsrfRefused()
