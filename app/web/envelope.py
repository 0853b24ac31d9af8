"""What surrounds every request: its id in the log, security headers, renewal of the log-in, the last resort."""

import re
import secrets
import time

import structlog
from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.cookies import put_session
from app.casework.files import MOST_REQUEST_BYTES
from app.web.errors import internal_error

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; media-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
MAX_BODY_BYTES = 2 * 1024 * 1024
"""The largest request is a batch of a thousand call events."""
MAX_RECORDING_BYTES = 20 * 1024 * 1024
"""A studio's recording of a prompt: a minute in 24 bit, 48 kHz, stereo."""
LARGER_BODIES: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"/api/v1/prompts/[^/]+/[^/]+/recording"), MAX_RECORDING_BYTES),
    (re.compile(r"/progress/material"), MOST_REQUEST_BYTES),
)
"""Paths to which files are sent, and how much."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET_PATHS = ("/static/", "/health", "/api/v1/call-events", "/api/v1/lookup")
"""What machines ask many times a second; only its failures are worth a line."""

log = structlog.get_logger()


class Envelope:
    """The outermost layer of our own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        request = Request(scope, receive)
        wanted_id = request.headers.get("X-Request-ID", "")
        request_id = wanted_id if _REQUEST_ID.fullmatch(wanted_id) else secrets.token_hex(8)
        request.state.request_id = request_id
        answer = _Answer(request, send)
        body = _Body(receive, _most_bytes(request.url.path))
        started_at = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, body.receive, answer.send)
            except Exception:
                log.exception("request_failed", error_id=request_id, method=request.method, path=request.url.path)
                if answer.status:  # the answer is half out: cut the connection, so that nobody takes it for whole
                    raise
                await internal_error(request)(scope, receive, answer.send)
            finally:
                _log_request(request, answer.status, time.perf_counter() - started_at)


def _most_bytes(path: str) -> int:
    return next((most for pattern, most in LARGER_BODIES if pattern.fullmatch(path)), MAX_BODY_BYTES)


class _Body:
    """The request's body on its way in."""

    def __init__(self, receive: Receive, most_bytes: int) -> None:
        self._receive, self._most_bytes = receive, most_bytes
        self._bytes = 0

    async def receive(self) -> Message:
        """The next part. HTTPException 413 as soon as the whole is larger than it may be."""
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most_bytes:
            raise HTTPException(413)
        return message


class _Answer:
    """The answer on its way out."""

    def __init__(self, request: Request, send: Send) -> None:
        self._request = request
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self._request.state.request_id
            self._renew_session(headers)
        await self._send(message)

    def _renew_session(self, headers: MutableHeaders) -> None:
        if getattr(self._request.state, "renews_session", False):
            carrier = Response()
            put_session(self._request, carrier, self._request.state.session)
            headers.append("Set-Cookie", carrier.headers["set-cookie"])


def _log_request(request: Request, status: int, seconds: float) -> None:
    """Path without query: a query may hold a caller's number."""
    if request.url.path.startswith(_QUIET_PATHS) and status < 400:
        return
    actor = getattr(request.state, "actor", None)
    log.info(
        "request",
        method=request.method,
        path=request.url.path,
        status=status,
        duration_ms=round(seconds * 1000, 1),
        actor=actor.name if actor else "",
    )
