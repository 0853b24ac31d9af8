"""Passwords: argon2id, and the same work whether the user exists or not."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 200
"""Counted before hashing, so that nobody makes us hash a novel."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's first choice for argon2id: 19 MiB, two passes."""
_NOBODY = _HASHER.hash(secrets.token_urlsafe())
_AT_ONCE = threading.BoundedSemaphore(4)
"""A burst of log-ins takes 4 × 19 MiB, not one per thread."""


def hash_password(password: str) -> str:
    """An argon2id hash with its own salt."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; for None (no such user) the same work is done, and the answer is no."""
    with _AT_ONCE:
        try:
            fits = _HASHER.verify(_NOBODY if password_hash is None else password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
    return fits and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with older parameters."""
    return _HASHER.check_needs_rehash(password_hash)
