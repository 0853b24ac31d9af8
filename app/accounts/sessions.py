"""The log-in cookie: signed, not stored (ADR 0050). It names a user, the epoch it belongs to, and two times.

A cookie dies of idleness (`session_minutes`), of age (a shift), or when the user's `session_epoch` is raised.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from itsdangerous import BadData, URLSafeSerializer

SESSION_COOKIE = "hotline_session"
VISITOR_COOKIE = "hotline_visitor"
"""Before log-in: binds the CSRF token of the log-in form to this browser."""
MAX_AGE = timedelta(hours=12)
RENEW_AFTER = timedelta(seconds=60)
"""A cookie is written again once a minute at most, not with every answer."""


@dataclass(frozen=True)
class LogInSession:
    """What a valid cookie says."""

    user_id: int
    epoch: int
    nonce: str
    issued_at: datetime
    seen_at: datetime

    @classmethod
    def start(cls, user_id: int, epoch: int, now: datetime) -> Self:
        return cls(user_id, epoch, secrets.token_urlsafe(16), now, now)

    def expires_at(self, idle: timedelta) -> datetime:
        """When this session ends if nothing more is asked."""
        return min(self.seen_at + idle, self.issued_at + MAX_AGE)

    def seen(self, now: datetime) -> Self:
        return replace(self, seen_at=now)

    def is_stale(self, now: datetime) -> bool:
        """Whether the cookie should be written again."""
        return now - self.seen_at >= RENEW_AFTER


class SessionSigner:
    """Signs and reads cookies and CSRF tokens. All keys derive from one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._sessions = URLSafeSerializer(secret, salt="session", signer_kwargs={"digest_method": hashlib.sha256})
        self._visitors = URLSafeSerializer(secret, salt="visitor", signer_kwargs={"digest_method": hashlib.sha256})

    def write(self, session: LogInSession) -> str:
        times = [int(session.issued_at.timestamp()), int(session.seen_at.timestamp())]
        return _text(self._sessions.dumps([session.user_id, session.epoch, session.nonce, *times]))

    def read(self, cookie: str, *, now: datetime, idle: timedelta) -> LogInSession | None:
        """The session of a cookie; None when it is forged, torn or expired."""
        try:
            user_id, epoch, nonce, issued, seen = self._sessions.loads(cookie)
        except (BadData, ValueError, TypeError):
            return None
        zone = now.tzinfo
        session = LogInSession(
            user_id, epoch, nonce, datetime.fromtimestamp(issued, zone), datetime.fromtimestamp(seen, zone)
        )
        return session if now < session.expires_at(idle) else None

    def write_visitor(self, nonce: str) -> str:
        return _text(self._visitors.dumps(nonce))

    def read_visitor(self, cookie: str) -> str | None:
        """The nonce of a visitor's cookie; None when it is forged."""
        try:
            return str(self._visitors.loads(cookie))
        except BadData:
            return None

    def csrf_token(self, nonce: str) -> str:
        """The token that forms of this session carry."""
        return hmac.new(self._secret.encode(), b"csrf:" + nonce.encode(), hashlib.sha256).hexdigest()

    def is_csrf_token(self, nonce: str, token: str) -> bool:
        return hmac.compare_digest(self.csrf_token(nonce).encode(), token.encode())


def _text(signed: str | bytes) -> str:
    return signed if isinstance(signed, str) else signed.decode()
