"""A month's rates over seeded tickets are what SQL by hand counts, in all, by unit and by county."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.accounts.rules import permissions_of_role
from app.cli.synthetic.seeding import seed_tickets
from app.evaluation.counting import Figure, Grouping, Month, Question, count_rates
from app.evaluation.rates import RATES
from app.platform.clock import SHANGHAI
from app.platform.database import Database, UtcDateTime

pytestmark = pytest.mark.services

UNTIL = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
OCTOBER = {"begins": datetime(2026, 9, 30, 16, tzinfo=UTC), "ends": datetime(2026, 10, 31, 16, tzinfo=UTC)}
_TIMED = (
    "SELECT count(*), sum(CASE WHEN state = 'met' AND stopped_at <= due_at THEN 1 ELSE 0 END) FROM ticket_clocks "
    "WHERE kind = '{kind}' AND due_at >= :begins AND due_at < :ends "
    "AND (state = 'met' OR (stopped_at IS NULL AND paused_since IS NULL AND due_at < :now))"
)
_SAID = (
    "SELECT count(*), sum(CASE WHEN {good} THEN 1 ELSE 0 END) FROM follow_up_tasks "
    "WHERE status = 'answered' AND settled_at >= :begins AND settled_at < :ends AND {asked}"
)
_LEGS = (
    "SELECT count(*), sum(CASE WHEN a.status {is_back} 'returned' THEN 1 ELSE 0 END) FROM ticket_assignments a "
    "WHERE a.kind = 'lead' AND a.assigned_at >= :begins AND a.assigned_at < :ends"
)
BY_HAND = {
    "connect": "SELECT count(*), count(answered_at) FROM calls WHERE queued_at IS NOT NULL AND NOT is_test "
    "AND same_as IS NULL AND arrived_at >= :begins AND arrived_at < :ends",
    "sign": _TIMED.format(kind="sign"),
    "first_contact": _TIMED.format(kind="first_contact"),
    "on_time": _TIMED.format(kind="reply"),
    "response": _SAID.format(good="is_contacted", asked="is_contacted IS NOT NULL"),
    "solved": _SAID.format(good="is_solved", asked="is_solved IS NOT NULL"),
    "satisfied": _SAID.format(good="satisfaction <> 'dissatisfied'", asked="satisfaction <> ''"),
    "returned": _LEGS.format(is_back="="),
    "redone": "SELECT count(*), count(redone_at) FROM unit_replies "
    "WHERE approved_at >= :begins AND approved_at < :ends",
    "first_right": _LEGS.format(is_back="<>") + " AND NOT EXISTS (SELECT 1 FROM ticket_assignments b "
    "WHERE b.ticket_id = a.ticket_id AND b.kind = 'lead' AND b.id < a.id)",
    "checked": "SELECT count(*), sum(CASE WHEN status = 'answered' THEN 1 ELSE 0 END) FROM follow_up_tasks "
    "WHERE opened_at >= :begins AND opened_at < :ends "
    "AND (status IN ('answered', 'unreached') OR (status = 'open' AND due_at < :now))",
    "unreached": "SELECT count(*), sum(CASE WHEN status = 'unreached' THEN 1 ELSE 0 END) FROM follow_up_tasks "
    "WHERE settled_at >= :begins AND settled_at < :ends AND status IN ('answered', 'unreached')",
}


@pytest.fixture
def filled(database: Database) -> Iterator[Session]:
    """A store with two thousand synthetic tickets, October in its middle."""
    with database.transaction() as session:
        seed_tickets(
            session, 2_000, seed=5, until=UNTIL, days=75, region_code="410400", told=lambda _done, _doing: None
        )
    with database.reading() as session:
        yield session


def by_hand(session: Session, query: str) -> Figure:
    moments: list[Any] = [
        bindparam(name, value, UtcDateTime())
        for name, value in (*OCTOBER.items(), ("now", UNTIL))
        if f":{name}" in query
    ]
    counted, reached = session.execute(text(query).bindparams(*moments)).one()
    return Figure(counted, int(reached or 0))


def test_each_rate_is_what_sql_by_hand_counts_and_groups_together_are_the_whole(filled: Session) -> None:
    actor = Actor("auditor", permissions=permissions_of_role(Role.AUDITOR))
    question = Question(Month(2026, 10), actor, UNTIL)

    found = count_rates(filled, RATES, question)[""]

    for rate in RATES:
        wanted = by_hand(filled, BY_HAND[rate.key])
        figure = found[rate.key].raw
        assert (rate.key, figure.denominator, figure.numerator) == (rate.key, wanted.denominator, wanted.numerator)
        assert 0 < figure.numerator < figure.denominator, rate.key

    of_tickets = [rate for rate in RATES if rate.source.is_of_tickets]

    for by in (Grouping.UNIT, Grouping.REGION):
        groups = count_rates(filled, of_tickets, question, by)
        assert "" not in groups
        assert len(groups) > 5
        for rate in of_tickets:
            counted = [of_group[rate.key].raw for of_group in groups.values() if rate.key in of_group]
            assert sum(figure.denominator for figure in counted) == found[rate.key].raw.denominator
            assert sum(figure.numerator for figure in counted) == found[rate.key].raw.numerator
