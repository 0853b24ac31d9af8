"""What callers said of their talks: one key after the call. No key is no rating, never a bad one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.scope import of_people
from app.calls.models import Call

SATISFIED, FAIR, DISSATISFIED = 3, 2, 1
"""Scores as the flow `rating` keeps them (P21)."""
WORDS: Mapping[int, str] = MappingProxyType({SATISFIED: "满意", FAIR: "基本满意", DISSATISFIED: "不满意"})


@dataclass(frozen=True)
class AgentRatings:
    """One agent's talks of some days, and what their callers said."""

    agent: str
    answered: int = 0
    satisfied: int = 0
    fair: int = 0
    dissatisfied: int = 0

    @property
    def rated(self) -> int:
        return self.satisfied + self.fair + self.dissatisfied

    @property
    def content_percent(self) -> int | None:
        """满意 and 基本满意 of those who rated; None: nobody did."""
        return round(100 * (self.satisfied + self.fair) / self.rated) if self.rated else None


def ratings_by_agent(
    session: Session, since: datetime, until: datetime, *, agent: str | None = None, seen_by: Actor | None = None
) -> list[AgentRatings]:
    """Agents who answered calls that arrived in [since, until), by number; those that `seen_by` may see."""
    query = (
        select(Call.agent, Call.rating, func.count())
        .where(Call.arrived_at >= since, Call.arrived_at < until, Call.answered_at.is_not(None))
        .where(Call.agent.is_not(None), Call.is_test.is_(False))
        .group_by(Call.agent, Call.rating)
    )
    if seen_by is not None:
        query = query.where(of_people(seen_by, Call.agent))
    if agent is not None:
        query = query.where(Call.agent == agent)
    counts: dict[str, dict[int | None, int]] = {}
    for name, rating, calls in session.execute(query):
        counts.setdefault(name or "", {})[rating] = calls
    return [
        AgentRatings(
            name,
            sum(by_score.values()),
            by_score.get(SATISFIED, 0),
            by_score.get(FAIR, 0),
            by_score.get(DISSATISFIED, 0),
        )
        for name, by_score in sorted(counts.items())
    ]
