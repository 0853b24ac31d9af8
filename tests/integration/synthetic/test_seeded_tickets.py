"""Seeded tickets are such as the application could have made: table of states, duties, clocks, legs, numbers."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.accounts.auth import Actor, actor_of_user
from app.accounts.models import Role
from app.accounts.service import create_user
from app.calls.models import Call
from app.casework import service as casework
from app.casework.models import CitizenNotice, FollowUp, UnitReply, UnitRequest
from app.casework.rules import part_of_day
from app.cli.main import app
from app.cli.synthetic import seeding, telling, writing
from app.cli.synthetic.rows import COLUMNS
from app.cli.synthetic.seeding import Seeded, seed_tickets
from app.cli.synthetic.world import NAME_PREFIX
from app.deadlines.models import ClockState, SlaProfile, TicketClock
from app.deadlines.running import time_again
from app.deadlines.sweep import sweep
from app.deadlines.versions import load_calendar, rules_of
from app.platform.clock import SHANGHAI
from app.platform.database import Base, Database
from app.tickets import service as tickets
from app.tickets.follow_up_tasks import FollowUpStatus, FollowUpTask
from app.tickets.models import Assignment, AssignmentKind, Ticket, TicketHistory, TicketStatus
from app.tickets.numbers import is_ticket_number
from app.tickets.rules import missing_for_acceptance
from app.tickets.states import BY_VERB, DUTIES, DUTY_OF_ACTION, ENDS, MOVES, SYSTEM_DUTIES, separated_from

pytestmark = pytest.mark.services

UNTIL = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
COUNT = 600
ROLES = {
    "agent": Role.AGENT, "dispatcher": Role.DISPATCHER, "reviewer": Role.REVIEWER, "followup": Role.FOLLOW_UP,
    "supervisor": Role.SUPERVISOR,
}  # fmt: skip


def quiet(_done: int, _doing: str) -> None:
    """Nobody watches."""


def fill(session: Session, count: int = COUNT, seed: int = 5) -> Seeded:
    return seed_tickets(session, count, seed=seed, until=UNTIL, days=45, region_code="410400", told=quiet)


@pytest.fixture
def seeded(database: Database) -> Iterator[Session]:
    """A store with COUNT synthetic tickets."""
    with database.transaction() as session:
        fill(session)
    with database.transaction() as session:
        yield session


def role_of(name: str) -> Role | None:
    """By the username: test-agent-07, test-410421-zhengfu-2."""
    if name == "system":
        return None
    office = name.removeprefix(NAME_PREFIX).split("-")[0]
    return ROLES.get(office) or (Role.UNIT_LEADER if name.endswith("-2") else Role.UNIT_STAFF)


def lives(session: Session) -> Iterator[tuple[Ticket, list[TicketHistory]]]:
    rows = session.scalars(select(TicketHistory).order_by(TicketHistory.ticket_id, TicketHistory.id)).all()
    by_ticket: dict[int, list[TicketHistory]] = {}
    for row in rows:
        by_ticket.setdefault(row.ticket_id, []).append(row)
    for ticket in session.scalars(select(Ticket).order_by(Ticket.id)):
        yield ticket, by_ticket[ticket.id]


def test_every_life_is_a_walk_along_the_table_of_states(seeded: Session) -> None:
    verbs: Counter[str] = Counter()
    for ticket, entries in lives(seeded):
        status, version, at = TicketStatus.DRAFT, 1, ticket.created_at
        assert entries[0].action == "opened"
        for entry in entries[1:]:
            assert entry.at >= at
            at = entry.at
            if entry.action == "timed":
                assert entry.ticket_version == version
                continue
            fitting = [move for move in MOVES if move.action == entry.action and status in move.sources]
            assert fitting, (entry.action, status)
            move = fitting[0]
            assert entry.changes.get("status", [status, status]) == [status, move.target]
            status, version = move.target, version + 1
            assert entry.ticket_version == version
            verbs[move.verb] += 1
        assert (ticket.status, ticket.version, ticket.updated_at <= UNTIL) == (status, version, True)
    assert {"accept", "finish", "merge", "agree_return", "approve_extension", "rate", "archive"} <= verbs.keys()


def test_nobody_does_what_is_not_his_duty_nor_two_that_are_kept_apart(seeded: Session) -> None:
    for ticket, entries in lives(seeded):
        done: dict[str, set[Any]] = {}
        for entry in entries:
            duty = DUTY_OF_ACTION.get(entry.action)
            if duty is None:
                continue
            role = role_of(entry.actor)
            assert duty in (SYSTEM_DUTIES if role is None else DUTIES[role]), (entry.actor, entry.action)
            if role is not None:
                assert separated_from(duty, frozenset(done.get(entry.actor, set()))) is None
                done.setdefault(entry.actor, set()).add(duty)
        assert ticket.accepted_by.startswith(f"{NAME_PREFIX}agent-")


def test_tickets_are_complete_and_their_numbers_are_real_ones(seeded: Session) -> None:
    for ticket in seeded.scalars(select(Ticket)):
        assert is_ticket_number(ticket.ticket_number)
        assert len(ticket.query_code) == 8
        if ticket.status != TicketStatus.DRAFT:
            assert missing_for_acceptance(ticket) == {}
        assert ticket.caller_number is None or ticket.caller_number.startswith("199000")
        assert (ticket.merged_into_id is None) == (ticket.status != TicketStatus.MERGED)
    made = tickets.create_ticket(seeded, {"title": "新的"}, actor="8001", region_code="410400", now=UNTIL)
    seeded.flush()
    assert made.ticket_number not in seeded.scalars(select(Ticket.ticket_number).where(Ticket.id != made.id)).all()
    assert made.id == COUNT + 1


def test_clocks_end_when_the_rules_say_so_and_a_sweep_finds_nothing_left_to_do(seeded: Session) -> None:
    calendar = load_calendar(seeded)
    profile = rules_of(seeded.scalars(select(SlaProfile).where(SlaProfile.is_default)).one()).profile
    running: dict[int, list[datetime]] = {}
    for clock in seeded.scalars(select(TicketClock)):
        kept = (clock.due_at, clock.near_due_at, clock.explanation, clock.missing_year)
        time_again(clock, calendar, profile)
        assert (clock.due_at, clock.near_due_at, clock.explanation, clock.missing_year) == kept
        if clock.stopped_at is None and clock.state != ClockState.PAUSED and clock.due_at:
            running.setdefault(clock.ticket_id, []).append(clock.due_at)
        assert (clock.stopped_at is None) == (clock.state not in {ClockState.MET, ClockState.CANCELLED})
    seeded.rollback()
    for ticket in seeded.scalars(select(Ticket)):
        assert ticket.next_due_at == min(running.get(ticket.id, []), default=None)
        assert not (ticket.status in ENDS and ticket.id in running)
    assert running
    assert sweep(seeded, UNTIL).raised == 0


def test_a_unit_has_its_leg_as_long_as_it_leads_and_replies_belong_to_rounds(seeded: Session) -> None:
    leads = {
        leg.ticket_id: leg.unit_code
        for leg in seeded.scalars(select(Assignment).where(Assignment.ended_at.is_(None)))
        if leg.kind == AssignmentKind.LEAD
    }
    at_work = {"dispatched", "signed", "handling", "replied", "callback", "redo", "extension_pending", "return_pending"}
    for ticket in seeded.scalars(select(Ticket)):
        if ticket.status in at_work:
            assert leads[ticket.id] == ticket.lead_unit_code
        if ticket.status in {"rated", "finished", "archived", "merged", "accepted"}:
            assert ticket.id not in leads
    replies = seeded.scalars(select(UnitReply)).all()
    assert replies
    assert all(reply.round <= seeded.get_one(Ticket, reply.ticket_id).round for reply in replies)
    pending = {row.ticket_id for row in seeded.scalars(select(UnitRequest).where(UnitRequest.status == "pending"))}
    waiting = seeded.scalars(select(Ticket.id).where(Ticket.status.in_(("return_pending", "extension_pending"))))
    assert set(waiting) <= pending


def test_the_usual_way_leaves_what_the_application_leaves(seeded: Session) -> None:
    """The same actions as tests/integration/casework/test_life_of_a_ticket.py sees in a real one, then the archive."""
    usual = [
        "opened", "accepted", "timed", "released", "dispatched", "timed", "signed", "timed", "contacted", "timed",
        "reply_drafted", "replied", "timed", "audit_passed", "timed", "follow_up_started", "answer_noted", "rated",
        "timed", "archived",
    ]  # fmt: skip
    like = [ticket for ticket, entries in lives(seeded) if [entry.action for entry in entries] == usual]
    assert len(like) > COUNT // 20
    told = seeded.scalars(select(CitizenNotice.action).where(CitizenNotice.ticket_id == like[0].id)).all()
    assert list(told) == ["accepted", "dispatched", "audit_passed"]
    assert seeded.scalars(select(FollowUp.is_reached).where(FollowUp.ticket_id == like[0].id)).all() == [True]


def test_real_people_go_on_where_synthetic_ones_stopped(database: Database, seeded: Session) -> None:
    def person(name: str, role: Role, unit: str = "") -> Actor:
        password = "correct horse battery"
        return actor_of_user(
            create_user(seeded, name, display_name=name, role=role, password=password, now=UNTIL, unit_code=unit)
        )

    def one(status: TicketStatus) -> Ticket:
        return seeded.scalars(select(Ticket).where(Ticket.status == status).order_by(Ticket.id).limit(1)).one()

    waiting = one(TicketStatus.DISPATCHED)
    clerk = person("clerk", Role.UNIT_STAFF, waiting.lead_unit_code or "")
    assert casework.move(seeded, waiting.id, "sign", {}, actor=clerk, now=UNTIL).status == TicketStatus.SIGNED
    waits = select(FollowUpTask.matter_id).where(FollowUpTask.status == FollowUpStatus.OPEN)
    alone = waits.group_by(FollowUpTask.matter_id).having(func.count() == 1).order_by(FollowUpTask.matter_id)
    asked = seeded.get_one(Ticket, seeded.scalars(alone).first())
    answer = {"channel": "phone", "is_solved": "true", "satisfaction": "satisfied"}
    rated = casework.move(seeded, asked.id, "note_answer", answer, actor=person("ask", Role.FOLLOW_UP), now=UNTIL)
    assert rated.status == TicketStatus.RATED
    assert {move.verb for move in MOVES} == BY_VERB.keys()


def _all_rows(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    return {
        model.__tablename__: [tuple(row) for row in session.execute(select(*_columns(model)).order_by(*_order(model)))]
        for model in COLUMNS
    }


def _columns(model: type[Base]) -> list[Any]:
    return [getattr(model, name) for name in COLUMNS[model]]


def _order(model: type[Base]) -> list[Any]:
    return list(inspect(model).primary_key)


def test_the_same_seed_makes_the_same_tickets_and_another_seed_others(database: Database) -> None:
    found = []
    for seed in (3, 3, 4):
        with database.transaction() as session:
            fill(session, 60, seed)
            found.append(json.dumps(_all_rows(session), default=str))
            session.rollback()
    assert found[0] == found[1] != found[2]


def test_an_interrupted_seed_leaves_nothing_and_a_large_one_every_index(
    engine: Engine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "REBUILT_FROM", 10)
    indexes = {index["name"] for index in inspect(engine).get_indexes("tickets")}

    def stop(_done: int, doing: str) -> None:
        if doing == "building indexes":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), database.transaction() as session:
        seed_tickets(session, 20, seed=1, until=UNTIL, days=45, region_code="410400", told=stop)
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 0
        fill(session, 20)
    assert {index["name"] for index in inspect(engine).get_indexes("tickets")} == indexes
    with database.reading() as session:
        found = tickets.list_tickets(session, tickets.TicketFilters(text="来电")).items
        if engine.dialect.name == "postgresql":
            assert session.scalar(text("SELECT count(*) FROM pg_indexes WHERE indexname = 'ix_tickets_search'")) == 1
    assert len(found) > 5


def test_the_command_fills_an_empty_store_and_a_real_one_only_when_told_so(
    engine: Engine, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    for name in ("SESSION_SECRET", "COMMAND_TOKEN", "REDIS_URL"):
        monkeypatch.setenv(f"HOTLINE_{name}", "s" * 32)
    words = ["db", "seed", "--tickets", "30", "--until", "2026-11-20T10:00"]

    first = CliRunner().invoke(app, words)
    second = CliRunner().invoke(app, words)
    with database.transaction() as session:
        real = {"title": "真的", "contact_number": "03751234567"}
        tickets.create_ticket(session, real, actor="8001", region_code="410400", now=UNTIL)
    refused = CliRunner().invoke(app, words)
    sure = CliRunner().invoke(app, [*words, "--yes"])

    assert [result.exit_code for result in (first, second, refused, sure)] == [0, 0, 1, 0], sure.output
    assert "30 with" in first.output
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 91


def test_nobody_is_rung_in_vain_twice_in_the_same_part_of_the_day(seeded: Session) -> None:
    tries: dict[tuple[int, int], list[FollowUp]] = {}
    for row in seeded.scalars(select(FollowUp)):
        tries.setdefault((row.ticket_id, row.round), []).append(row)
    tasks = {(task.ticket_id, task.round): task for task in seeded.scalars(select(FollowUpTask))}

    assert tries.keys() <= tasks.keys()
    assert {task.status for task in tasks.values()} == {"answered", "unreached", "open"}
    for key, rows in tries.items():
        vain = [part_of_day(row.at) for row in rows if not row.is_reached]
        assert len(vain) == len(set(vain)) == tasks[key].tries
        assert (tasks[key].status == "answered") == any(row.is_reached for row in rows)
        assert (tasks[key].status == "unreached") == (len(vain) == 3)


def test_every_phone_ticket_has_its_call_and_some_callers_reached_nobody(seeded: Session) -> None:
    calls = {call.call_id: call for call in seeded.scalars(select(Call))}
    for ticket in seeded.scalars(select(Ticket).where(Ticket.source_channel == "phone")):
        call = calls.pop(ticket.call_id or "")
        assert (call.ticket_id, call.agent, call.answered_at) == (ticket.id, ticket.accepted_by, ticket.created_at)
    assert calls
    assert {call.outcome for call in calls.values()} == {"abandoned"}


def test_told_by_several_processes_the_tickets_are_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "STRETCH", 25)
    monkeypatch.setattr(seeding, "STRETCH", 25)
    monkeypatch.setattr(seeding.os, "cpu_count", lambda: 2)
    found = []
    for together_from in (1_000, 1):
        monkeypatch.setattr(seeding, "TOGETHER_FROM", together_from)
        with database.transaction() as session:
            fill(session, 60)
            found.append(json.dumps(_all_rows(session), default=str))
            numbers = session.scalars(select(Ticket.ticket_number)).all()
            session.rollback()
    assert found[0] == found[1]
    assert len(set(numbers)) == 60
