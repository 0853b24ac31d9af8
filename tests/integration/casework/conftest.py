"""A ticket, and the people who move it through its life: each step is one call."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from app.accounts.auth import Actor, actor_of_user
from app.accounts.models import Role
from app.accounts.service import create_user
from app.casework import legs, service
from app.catalogue.models import DispatchRule, RuleStatus
from app.deadlines.versions import seed as seed_deadlines
from app.platform.database import Database
from app.tickets import service as tickets
from app.tickets.models import Ticket

PASSWORD = "correct horse battery"
COUNTY, OTHER_COUNTY, CITY_OFFICE = "410421-zhengfu", "410422-zhengfu", "410400-chengguan"
MATTER = {
    "ticket_type": "complaint", "subject_code": "020301", "region_code": "410421", "title": "铁路街道垃圾未清运",
    "content": "李女士来电反映小区门口垃圾多日无人清运", "contact_number": "19900012345", "contact_name": "李女士",
}  # fmt: skip
REPLY = {
    "to_platform": "已安排环卫公司当日清运并现场核实", "to_citizen": "尊敬的市民：您好！您反映的垃圾已于今日清运完毕。",
    "result": "solved", "told_how": "phone",
}  # fmt: skip
BASIS = {
    "reason": "not_our_duty", "basis": "三定方案规定由城管部门负责", "evidence": "附三定方案第七条扫描件",
}  # fmt: skip


class Stage:
    """A database with people on it, and a clock that the test turns."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now, self.people = database, now, dict[str, Actor]()

    def person(self, name: str, role: Role, unit: str = "") -> Actor:
        if name not in self.people:
            with self.database.transaction() as session:
                user = create_user(
                    session, name, display_name=name, role=role, password=PASSWORD, now=self.now, unit_code=unit
                )
                self.people[name] = actor_of_user(user)
        return self.people[name]

    def ticket(self, **values: Any) -> int:
        """An accepted ticket of agent 8001."""
        agent = self.person("8001", Role.AGENT)
        with self.database.transaction() as session:
            made = tickets.create_ticket(
                session, {**MATTER, **values}, actor=agent.name, region_code="410400", now=self.now
            )
            tickets.accept_ticket(session, made.id, actor=agent.name, now=self.now)
            return made.id

    def move(self, ticket: int, verb: str, who: str, /, *, version: int | None = None, **given: Any) -> Ticket:
        self.now += timedelta(minutes=1)
        with self.database.transaction() as session:
            return service.move(session, ticket, verb, given, actor=self.people[who], now=self.now, version=version)

    def support(self, ticket: int, who: str, report: str = "") -> None:
        with self.database.transaction() as session:
            case = service.open_case(session, ticket, self.people[who], self.now, is_locked=True)
            if report:
                legs.report_support(session, case, report)
            else:
                legs.sign_support(session, case)

    def read(self, ticket: int) -> Ticket:
        with self.database.reading() as session:
            return tickets.get_ticket(session, ticket)

    def show(self, ticket: int, who: str = "reviewer") -> Any:
        with self.database.reading() as session:
            return service.show(session, tickets.get_ticket(session, ticket), self.people[who], self.now)

    def possible(self, ticket: int, who: str) -> set[str]:
        with self.database.reading() as session:
            case = service.open_case(session, ticket, self.people[who], self.now)
            return {move.verb for move in service.list_possible(case)}

    # usual ways
    def dispatched(self, lead: str = COUNTY, **values: Any) -> int:
        ticket = self.ticket(**values)
        self.move(ticket, "dispatch", "dispatcher", lead_unit_code=lead)
        return ticket

    def at_work(self, **values: Any) -> int:
        ticket = self.dispatched(**values)
        self.move(ticket, "sign", "clerk")
        self.move(ticket, "contact", "clerk", channel="phone", note="已电话了解情况")
        return ticket

    def replied(self, **values: Any) -> int:
        ticket = self.at_work(**values)
        self.answer(ticket)
        return ticket

    def answer(self, ticket: int) -> None:
        self.move(ticket, "draft_reply", "clerk", **REPLY)
        self.move(ticket, "reply", "leader")

    def asked(self, **values: Any) -> int:
        ticket = self.replied(**values)
        self.move(ticket, "audit_pass", "reviewer")
        return ticket

    def rated(self, **values: Any) -> int:
        ticket = self.asked(**values)
        self.move(ticket, "note_answer", "caller", channel="phone", is_solved=True, satisfaction="satisfied")
        return ticket


@pytest.fixture
def stage(database: Database, now: datetime) -> Iterator[Stage]:
    """Everybody who has a part in a ticket's life."""
    with database.transaction() as session:
        seed_deadlines(session, now)
    stage = Stage(database, now)
    for name, role, unit in (
        ("8001", Role.AGENT, ""), ("chief", Role.SUPERVISOR, ""), ("dispatcher", Role.DISPATCHER, ""),
        ("dispatcher2", Role.DISPATCHER, ""), ("reviewer", Role.REVIEWER, ""), ("caller", Role.FOLLOW_UP, ""),
        ("auditor", Role.AUDITOR, ""), ("ops", Role.OPS, ""), ("clerk", Role.UNIT_STAFF, COUNTY),
        ("leader", Role.UNIT_LEADER, COUNTY), ("clerk2", Role.UNIT_STAFF, OTHER_COUNTY),
        ("leader2", Role.UNIT_LEADER, OTHER_COUNTY), ("officer", Role.UNIT_STAFF, CITY_OFFICE),
    ):  # fmt: skip
        stage.person(name, role, unit)
    yield stage
    with database.transaction() as session:  # reference data outlives a test on PostgreSQL
        session.execute(delete(DispatchRule).where(DispatchRule.status == RuleStatus.CANDIDATE))


@pytest.fixture
def refused() -> Callable[..., Any]:
    """`with refused(NotNow, "说明")`: refused, and the detail says so."""

    def expect(kind: type[Exception], words: str) -> Any:
        return pytest.raises(kind, match=words)

    return expect
