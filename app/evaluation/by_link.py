"""Follow-up by web link: a secret sent to the citizen's own number, good for one answer. Guessing is slowed down."""

import hashlib
import math
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import SYSTEM
from app.accounts.lockout import Limit
from app.accounts.login import reserve_attempt
from app.accounts.models import LoginFailure
from app.casework.forms import Channel
from app.casework.service import move
from app.evaluation.desk import DeskRow, TaskSettled
from app.evaluation.tasks import lock_task
from app.platform.database import Database
from app.platform.errors import NotFound, TooManyAttempts
from app.tickets.follow_up_tasks import FollowUpStatus, FollowUpTask
from app.tickets.service import get_ticket

SECRET_BYTES = 16
LINK_LIVES = timedelta(days=15)
GUESSES = Limit(free_failures=20)
"""Wrong links of one address; a whole office may stand behind it."""


def make_link(task: FollowUpTask, now: datetime) -> str:
    """A new secret; the one before is dead. Only its hash is kept."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    task.token_hash, task.invited_at = hash_secret(secret), now
    return secret


def hash_secret(secret: str) -> str:
    """What is stored. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def check_guesses(database: Database, address: str, now: datetime) -> None:
    """TooManyAttempts while this address is locked for wrong links."""
    with database.reading() as session:
        until = session.scalar(select(LoginFailure.locked_until).where(LoginFailure.key == _key(address)))
    if until is not None and until > now:
        raise TooManyAttempts(f"尝试次数过多，请在 {math.ceil((until - now).total_seconds())} 秒后再试")


def note_wrong_link(database: Database, address: str, now: datetime) -> None:
    """A link that is none counts against its address."""
    with database.transaction() as session:
        reserve_attempt(session, {_key(address): GUESSES}, now)


def _key(address: str) -> str:
    return f"follow-up-link:{address[:64]}"


def open_link(session: Session, secret: str, now: datetime) -> DeskRow:
    """Whose link it is. Raises NotFound: no such link, used, or older than LINK_LIVES."""
    query = select(FollowUpTask).where(
        FollowUpTask.token_hash == hash_secret(secret), FollowUpTask.status == FollowUpStatus.OPEN,
        FollowUpTask.invited_at > now - LINK_LIVES,
    )  # fmt: skip
    task = session.scalar(query)
    if task is None:
        raise NotFound("链接无效、已使用或已过期")
    return DeskRow(task, get_ticket(session, task.ticket_id), get_ticket(session, task.matter_id))


def answer_by_link(session: Session, secret: str, given: dict[str, Any], now: datetime) -> None:
    """The citizen's own word, once. Raises NotFound, TaskSettled, GivenRefused."""
    row = open_link(session, secret, now)
    task = lock_task(session, row.task.id)
    if task is None or task.status != FollowUpStatus.OPEN:
        raise TaskSettled()
    said = {**given, "channel": Channel.WEB, "of_ticket": str(row.task.ticket_id)}
    move(session, row.task.matter_id, "note_answer", said, actor=SYSTEM, now=now)
