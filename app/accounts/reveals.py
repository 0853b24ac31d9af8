"""Looking at a full number: with a reason, an audit entry, and an alarm for who does it too often (domain.md §7)."""

from dataclasses import dataclass
from datetime import UTC, datetime, time

import structlog
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.audit_check import TOPIC
from app.accounts.auth import Actor
from app.accounts.models import AuditEntry
from app.platform.clock import SHANGHAI, to_shanghai
from app.platform.topics import publish

REVEALED = "number_revealed"
QUOTA_PASSED = "reveal_quota_passed"

log = structlog.get_logger()


@dataclass(frozen=True)
class Revealer:
    """Somebody and how many numbers he has revealed today."""

    name: str
    count: int


def note_reveal(
    session: Session, actor: Actor, *, object_type: str, object_id: object, reason: str, quota: int, at: datetime
) -> None:
    """Keep who looked at what and why; beyond `quota` of a day the alarm is raised once. Nobody is stopped by it:

    whoever must ring many citizens goes on, and answers for it.
    """
    audit.record(
        session, actor, "number_revealed", at=at, object_type=object_type, object_id=object_id,
        detail={"reason": reason},
    )  # fmt: skip
    if count_today(session, actor.name, REVEALED, at) + 1 <= quota or count_today(
        session, actor.name, QUOTA_PASSED, at
    ):
        return
    audit.record(
        session, actor, "reveal_quota_passed", at=at, object_type="user", object_id=actor.name, detail={"quota": quota}
    )
    publish(session, TOPIC, "reveals")
    log.warning("reveal_quota_passed", actor=actor.name, quota=quota)


def count_today(session: Session, actor: str, action: str, now: datetime) -> int:
    """Entries of this person and deed since midnight in Asia/Shanghai that are written already."""
    return session.scalar(_since_midnight(now, action).where(AuditEntry.actor == actor)) or 0


def list_over_quota(session: Session, *, quota: int, now: datetime) -> list[Revealer]:
    """Who has revealed more than `quota` numbers today, the most first."""
    counted = func.count().label("counted")
    query = (
        select(AuditEntry.actor, counted)
        .where(AuditEntry.action == REVEALED, AuditEntry.at >= _midnight(now))
        .group_by(AuditEntry.actor)
        .having(counted > quota)
        .order_by(counted.desc(), AuditEntry.actor)
    )
    return [Revealer(name, count) for name, count in session.execute(query)]


def _since_midnight(now: datetime, action: str) -> Select[int]:
    return select(func.count()).where(AuditEntry.action == action, AuditEntry.at >= _midnight(now))


def _midnight(now: datetime) -> datetime:
    return datetime.combine(to_shanghai(now).date(), time.min, SHANGHAI).astimezone(UTC)
