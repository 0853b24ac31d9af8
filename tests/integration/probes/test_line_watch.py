"""Who must know that a line fails sees it: at the top of the pages, over the API, at the terminal; until it is well."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from app.accounts.models import Role
from app.lines.models import Line, Trunk
from app.platform.database import Database
from app.probes.alarms import note_result
from app.probes.models import Probe, ProbeFault, ProbeStatus
from app.probes.rules import Verdict
from app.probes.service import latest_probes
from app.probes.watch import Watch, watch_lines

pytestmark = pytest.mark.services

LogIn = Callable[[Role], dict[str, str]]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def plan(database: Database, now: datetime) -> Iterator[None]:
    """A plan in force, just taken over, that serves 12345 and 12315 and has a probe trunk. 110 is in it, too."""
    with database.transaction() as session:
        session.add(Trunk(plan="demo", name="probe", label="拨测", kind="probe"))
        for number in ("12345", "12315", "110"):
            line = session.get_one(Line, number)
            line.plan, line.taken_over_at = "demo", now
    yield
    with database.transaction() as session:  # lines are reference data, which tests on PostgreSQL share
        for number in ("12345", "12315", "110"):
            line = session.get_one(Line, number)
            line.plan, line.taken_over_at = "", None


def over(database: Database, line: str, at: datetime, fault: ProbeFault | None = None) -> None:
    """A test call that ended so."""
    with database.transaction() as session:
        status = ProbeStatus.FAILED if fault else ProbeStatus.PASSED
        probe = Probe(line=line, status=status, fault=fault, ordered_by="schedule", ordered_at=at, finished_at=at)
        session.add(probe)
        session.flush()
        note_result(session, probe, at)


def watch(database: Database, now: datetime, every: timedelta = HOUR) -> Watch:
    with database.reading() as session:
        return watch_lines(session, now=now, every=every)


def verdicts(database: Database, now: datetime) -> dict[str, Verdict]:
    return {one.line.number: one.verdict for one in watch(database, now).lines}


def test_a_dead_worker_does_not_leave_a_line_green(database: Database, now: datetime) -> None:
    for line in ("12345", "12315"):
        over(database, line, now)

    assert set(verdicts(database, now + HOUR).values()) == {Verdict.WELL}
    assert set(verdicts(database, now + 2 * HOUR).values()) == {Verdict.OVERDUE}


def test_a_line_that_cannot_be_dialled_is_told_until_it_can_be(database: Database, now: datetime) -> None:
    over(database, "12345", now)
    over(database, "12315", now)
    over(database, "12315", now + timedelta(minutes=1), ProbeFault.CANNOT_DIAL)

    (troubled,) = watch(database, now + timedelta(minutes=2)).troubled
    assert (troubled.line.number, troubled.verdict, troubled.heard_at) == ("12315", Verdict.CANNOT_DIAL, now)

    over(database, "12315", now + timedelta(minutes=3))
    assert watch(database, now + timedelta(minutes=4)).troubled == []


def test_the_worst_stands_first_and_an_emergency_number_nowhere(database: Database, now: datetime) -> None:
    over(database, "12345", now, ProbeFault.SILENT)

    troubled = watch(database, now + 2 * HOUR).troubled

    assert [(one.line.number, one.verdict) for one in troubled] == [
        ("12345", Verdict.FAILING), ("12315", Verdict.OVERDUE),
    ]  # fmt: skip


def test_without_a_probe_trunk_every_line_is_told_as_never_dialled(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        session.delete(session.get_one(Trunk, ("demo", "probe")))

    assert set(verdicts(database, now).values()) == {Verdict.NOT_PROBED}


def test_the_last_test_call_is_the_one_ordered_last_and_over(database: Database, now: datetime) -> None:
    over(database, "12345", now)
    over(database, "12345", now + timedelta(minutes=1), ProbeFault.CANNOT_DIAL)
    with database.transaction() as session:
        session.add(Probe(line="12345", ordered_by="chen", ordered_at=now + timedelta(minutes=2)))

    with database.reading() as session:
        (last,) = latest_probes(session, ["12345", "12315"]).values()
        (heard,) = latest_probes(session, ["12345"], is_heard=True).values()
    assert (last.fault, heard.finished_at) == (ProbeFault.CANNOT_DIAL, now)


@pytest.mark.parametrize("role", [Role.OPS, Role.SUPERVISOR])
def test_ops_and_supervisors_see_it_at_the_top_and_it_goes_when_the_line_is_well(
    client: TestClient, database: Database, log_in_as: LogIn, role: Role, now: datetime
) -> None:
    log_in_as(role)
    start = {Role.OPS: "/operations/lines", Role.SUPERVISOR: "/agents"}[role]
    assert 'hx-get="/line-watch' in client.get(start).text
    over(database, "12345", now)
    over(database, "12315", now, ProbeFault.SILENT)

    shown = client.get("/line-watch").text
    assert "拨测告警" in shown
    assert "接通后没有声音" in shown
    assert ("打开拨测页" in shown) == (role is Role.OPS)

    over(database, "12315", now + timedelta(seconds=1))
    assert client.get("/line-watch").text.strip() == ""
    assert "2</span> 条线路没有告警" in client.get("/line-watch?says_all=true").text


@pytest.mark.parametrize("role", [Role.AGENT, Role.AUDITOR, Role.UNIT_STAFF])
def test_others_are_not_bothered(client: TestClient, log_in_as: LogIn, role: Role) -> None:
    log_in_as(role)

    assert client.get("/line-watch").status_code == 403
    assert client.get("/api/v1/line-health").status_code == 403
    assert "/line-watch" not in client.get("/account").text
