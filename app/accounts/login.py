"""Log in and out. An attempt is counted before the password is looked at, so parallel guesses gain nothing."""

import math
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts import audit, lockout
from app.accounts.auth import Actor, actor_of_user
from app.accounts.models import LoginFailure, User
from app.accounts.passwords import MAX_PASSWORD_LENGTH, hash_password, is_password, needs_rehash
from app.accounts.service import find_user
from app.platform.clock import Clock
from app.platform.database import Database, insert_ignore
from app.platform.errors import HotlineError, TooManyAttempts
from app.platform.topics import SESSION, agent_topic, publish

log = structlog.get_logger()


class LogInRefused(HotlineError):
    """Wrong name, wrong password or a switched-off account: who guesses does not learn which."""

    status = 401
    code = "log-in-refused"
    title = "用户名或密码不正确"


def log_in(database: Database, clock: Clock, username: str, password: str, address: str) -> User:
    """The user with this password. LogInRefused, TooManyAttempts. Takes three short transactions, no long one."""
    now = clock()
    username = username.strip().replace("\x00", "\ufffd")  # PostgreSQL keeps no NUL
    keys = lockout.keys_of(username, address)
    with database.transaction() as session:
        locked_for = reserve_attempt(session, keys, now)
    if locked_for:
        log.warning("login_locked", address=address)
        seconds = math.ceil(locked_for.total_seconds())
        raise TooManyAttempts(f"尝试次数过多，请在 {seconds} 秒后再试", retry_after_seconds=seconds)
    with database.reading() as session:
        user = find_user(session, username[:64])
    is_right = is_password(user.password_hash if user else None, password[: MAX_PASSWORD_LENGTH + 1])
    if user is None or not is_right or not user.is_active:
        known = user.username if user else "unknown"  # what was typed may be a password in the wrong field
        with database.transaction() as session:
            audit.record(session, Actor(known, address=address), "login_failed", at=now)
        log.warning("login_failed", username=known, address=address)
        raise LogInRefused()
    new_hash = hash_password(password) if needs_rehash(user.password_hash) else user.password_hash
    with database.transaction() as session:
        user = session.get_one(User, user.id)
        user.password_hash = new_hash
        forgive(session, keys)
        audit.record(session, actor_of_user(user, address), "logged_in", at=now)
    log.info("logged_in", username=user.username, address=address)
    return user


def forgive(session: Session, keys: dict[str, lockout.Limit]) -> None:
    """The password was right: forget this account's failures, and this attempt's count against the address."""
    account, address = keys
    session.execute(delete(LoginFailure).where(LoginFailure.key == account))
    session.execute(
        update(LoginFailure)
        .where(LoginFailure.key == address, LoginFailure.failures > 0)
        .values(failures=LoginFailure.failures - 1, locked_until=None)
    )


def reserve_attempt(session: Session, keys: dict[str, lockout.Limit], now: datetime) -> timedelta | None:
    """Count an attempt as failed until it proves right; or say how long the name or address is still locked.

    An attempt while locked is not counted: nobody can lock a colleague out for good.
    """
    for key in keys:
        session.execute(insert_ignore(session, LoginFailure).values(key=key, failures=0, last_failed_at=now))
    rows = session.scalars(
        select(LoginFailure).where(LoginFailure.key.in_(keys)).order_by(LoginFailure.key).with_for_update()
    ).all()
    if waits := [row.locked_until - now for row in rows if row.locked_until and row.locked_until > now]:
        return max(waits)
    for row in rows:
        row.failures = lockout.count(row.failures, row.last_failed_at, now)
        row.last_failed_at = now
        lock = keys[row.key].lock_after(row.failures)
        row.locked_until = now + lock if lock else None
    return None


def log_out(session: Session, actor: Actor, now: datetime) -> None:
    """End every log-in of this person, on every device, at once; open pages are told."""
    session.execute(update(User).where(User.id == actor.user_id).values(session_epoch=User.session_epoch + 1))
    audit.record(session, actor, "logged_out", at=now)
    publish(session, agent_topic(actor.name), SESSION)
