"""Test calls from their order to their judgement, and the alarms they raise and end."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role
from app.calls.models import Call
from app.lines.models import Line, Trunk
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.probes import alarms, jobs, service
from app.probes.models import LineAlarm, Probe, ProbeFault, ProbeStatus
from app.probes.rules import Dialled

pytestmark = pytest.mark.services
HEARD = Dialled(sip_status=200, answer_ms=12, audio_ms=3500, loudness=6000)
LogIn = Callable[[Role], dict[str, str]]


@pytest.fixture(autouse=True)
def plan(database: Database) -> None:
    """A plan in force that serves 12345 and 12315, and has a probe trunk. 110 is in it, too."""
    with database.transaction() as session:
        session.add(Trunk(plan="demo", name="probe", label="拨测", kind="probe"))
        for number in ("12345", "12315", "110"):
            session.get_one(Line, number).plan = "demo"


class TelephoneBooth:
    """Dials as a test says, and leaves the record that the switch would."""

    def __init__(self, database: Database, met: Dialled = HEARD, *, recorded_line: str | None = "") -> None:
        self.database = database
        self.met = met
        self.recorded_line = recorded_line
        self.dialled: list[tuple[str, str]] = []

    def dial(self, line: str, caller: str) -> Dialled:
        self.dialled.append((line, caller))
        if self.recorded_line is not None:
            now = utc_now()
            with self.database.transaction() as session:
                session.add(
                    Call(
                        call_id=f"node1-{caller}", node="node1", ani=caller, arrived_at=now, ended_at=now,
                        original_line=self.recorded_line or line, line_rule="dnis", is_test=True,
                    )
                )  # fmt: skip
        return self.met


def probed(database: Database, booth: TelephoneBooth, line: str = "12315") -> Probe:
    with database.transaction() as session:
        probe_id = service.order_probe(session, line, by="chen", now=utc_now()).id
    probe = service.run_probe(database, probe_id, booth, utc_now)
    assert probe is not None
    return probe


def open_alarm(database: Database, line: str = "12315") -> LineAlarm | None:
    with database.reading() as session:
        return alarms.find_open_alarm(session, line)


def test_a_line_that_is_well_passes(database: Database) -> None:
    booth = TelephoneBooth(database)

    probe = probed(database, booth)

    assert (probe.status, probe.fault, probe.found_line, probe.found_rule) == ("passed", None, "12315", "dnis")
    assert booth.dialled == [("12315", probe.caller_number)]
    assert open_alarm(database) is None


def test_a_record_of_another_line_fails(database: Database) -> None:
    probe = probed(database, TelephoneBooth(database, recorded_line="12345"))

    assert (probe.fault, probe.found_line) == (ProbeFault.WRONG_LINE, "12345")


def test_a_call_that_left_no_record_fails(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RECORD_SECONDS", 0.2)

    assert probed(database, TelephoneBooth(database, recorded_line=None)).fault == ProbeFault.NO_RECORD


def test_the_first_failure_raises_an_alarm_and_the_first_success_ends_it(database: Database) -> None:
    booth = TelephoneBooth(database, Dialled(sip_status=503), recorded_line=None)
    first, second = probed(database, booth), probed(database, booth)

    alarm = open_alarm(database)
    assert alarm is not None
    assert (alarm.fault, alarm.failures, alarm.last_probe_id) == (ProbeFault.REFUSED, 2, second.id)
    assert first.finished_at is not None
    assert alarm.raised_at >= first.finished_at - timedelta(seconds=1)

    probed(database, TelephoneBooth(database))

    assert open_alarm(database) is None
    with database.reading() as session:
        (over,) = alarms.list_alarms(session, is_open=False)
    assert over.recovered_at is not None


def test_a_line_that_fails_again_after_it_was_well_raises_a_new_alarm(database: Database) -> None:
    for met in (Dialled(), HEARD, Dialled()):
        probed(database, TelephoneBooth(database, met))

    with database.reading() as session:
        assert [alarm.recovered_at is None for alarm in alarms.list_alarms(session, is_open=None)] == [True, False]


def test_a_late_success_of_an_older_test_call_ends_no_alarm(database: Database) -> None:
    older = probed(database, TelephoneBooth(database))
    probed(database, TelephoneBooth(database, Dialled()))

    with database.transaction() as session:
        alarms.note_result(session, older, utc_now())

    assert open_alarm(database) is not None


def test_that_we_cannot_dial_says_nothing_about_the_line(database: Database) -> None:
    probe = probed(database, TelephoneBooth(database, Dialled(failure="sipp is not installed"), recorded_line=None))

    assert (probe.status, probe.fault) == (ProbeStatus.FAILED, ProbeFault.CANNOT_DIAL)
    assert open_alarm(database) is None


def test_a_test_call_is_made_once_however_often_its_job_comes(database: Database) -> None:
    booth = TelephoneBooth(database)
    probe = probed(database, booth)

    assert service.run_probe(database, probe.id, booth, utc_now) is None
    assert len(booth.dialled) == 1


def test_who_orders_while_one_waits_gets_that_one(database: Database) -> None:
    with database.transaction() as session:
        first = service.order_probe(session, "12345", by="chen", now=utc_now())
        assert service.order_probe(session, "12345", by="li", now=utc_now()) is first


@pytest.mark.parametrize("line", ["110", "12333", "99999", ""])
def test_no_test_call_goes_to_an_emergency_number_or_to_a_line_that_no_plan_serves(
    database: Database, line: str
) -> None:
    with pytest.raises(service.LineNotProbed), database.transaction() as session:
        service.order_probe(session, line, by="chen", now=utc_now())


def test_without_a_probe_trunk_nothing_is_dialled(database: Database) -> None:
    with database.transaction() as session:
        session.delete(session.get_one(Trunk, ("demo", "probe")))

    with database.reading() as session:
        assert service.list_probed_lines(session) == []


class TakenJobs:
    """A queue that remembers."""

    def __init__(self) -> None:
        self.put_in: list[tuple[str, int | str]] = []

    def put(self, path: str, *ids: int | str) -> bool:
        self.put_in += [(path.rpartition(":")[2], one) for one in ids]
        return True


@pytest.fixture
def job_list(database: Database) -> TakenJobs:
    taken = TakenJobs()
    database.companions["jobs"] = taken
    return taken


def context(settings: Settings, database: Database, now: datetime) -> JobContext:
    return JobContext(settings, database, lambda: now)


def test_the_schedule_orders_each_line_once_an_hour(
    settings: Settings, database: Database, job_list: TakenJobs, now: datetime
) -> None:
    for minutes in (0, 1, 59):
        jobs.order_due_probes(context(settings, database, now + timedelta(minutes=minutes)))
    assert len(job_list.put_in) == 2

    with database.transaction() as session:
        for probe in session.scalars(select(Probe)):
            assert probe.ordered_by == "schedule"
            probe.status = ProbeStatus.PASSED
    jobs.order_due_probes(context(settings, database, now + timedelta(minutes=61)))

    assert len(job_list.put_in) == 4


def test_the_schedule_can_be_switched_off(
    settings: Settings, database: Database, job_list: TakenJobs, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_PROBE_EVERY_MINUTES", "0")

    jobs.order_due_probes(context(settings, database, now))

    assert job_list.put_in == []


def test_what_a_worker_left_in_the_middle_is_dialled_again(
    settings: Settings, database: Database, job_list: TakenJobs, now: datetime
) -> None:
    with database.transaction() as session:
        probe = service.order_probe(session, "12345", by="chen", now=now)
        probe.status, probe.started_at = ProbeStatus.RUNNING, now

    jobs.resume_forgotten_probes(context(settings, database, now + timedelta(minutes=1)))
    assert job_list.put_in == []
    jobs.resume_forgotten_probes(context(settings, database, now + timedelta(minutes=4)))

    assert job_list.put_in == [("dial_line", probe.id)]
    assert service.run_probe(database, probe.id, TelephoneBooth(database), utc_now) is not None


def test_old_results_are_forgotten_and_alarms_are_not(settings: Settings, database: Database, now: datetime) -> None:
    probed(database, TelephoneBooth(database, Dialled()))

    jobs.forget_old_probes(context(settings, database, now + timedelta(days=91)))
    with database.reading() as session:
        assert len(service.list_probes(session)) == 1
    jobs.forget_old_probes(context(settings, database, now + timedelta(days=93)))

    with database.reading() as session:
        assert service.list_probes(session) == []
    assert open_alarm(database) is not None


def test_ops_order_a_test_call_and_read_it(client: TestClient, database: Database, log_in_as: LogIn) -> None:
    headers = log_in_as(Role.OPS)

    answer = client.post("/api/v1/probes", json={"line": "12345"}, headers=headers)

    assert (answer.status_code, answer.json()["status"]) == (202, "ordered")
    probe_id = answer.json()["id"]
    service.run_probe(database, probe_id, TelephoneBooth(database, Dialled(sip_status=503)), utc_now)
    read = client.get(f"/api/v1/probes/{probe_id}").json()
    assert (read["status"], read["fault"], read["fault_text"], read["sip_status"]) == (
        "failed", "refused", "呼叫被拒绝", 503,
    )  # fmt: skip
    health = {row["line"]: row for row in client.get("/api/v1/line-health").json()["items"]}
    assert set(health) == {"12345", "12315"}
    assert health["12345"]["alarm"]["failures"] == 1
    assert (health["12345"]["verdict"], health["12345"]["verdict_text"]) == ("failing", "异常")
    assert health["12315"] | {"name": ""} == {
        "line": "12315", "name": "", "last_probe": None, "alarm": None, "heard_at": None, "verdict": "overdue",
        "verdict_text": "结果已过期",
    }  # fmt: skip
    (alarm,) = client.get("/api/v1/line-alarms", params={"is_open": True}).json()["items"]
    assert alarm["line"] == "12345"
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "probe_ordered")).one()
    assert entry.actor == "somebody"


def test_test_calls_are_read_page_by_page(client: TestClient, database: Database, log_in_as: LogIn) -> None:
    log_in_as(Role.OPS)
    made = [probed(database, TelephoneBooth(database), line).id for line in ("12345", "12315", "12345")]

    first = client.get("/api/v1/probes", params={"limit": 2}).json()
    rest = client.get("/api/v1/probes", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    of_line = client.get("/api/v1/probes", params={"line": "12345", "status": "passed"}).json()

    assert [row["id"] for row in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    assert len(of_line["items"]) == 2


@pytest.mark.parametrize(
    ("line", "status"), [("110", 409), ("12333", 409), ("12-34", 422), ("", 422), ("1" * 21, 422), (12345, 422)]
)
def test_a_test_call_that_may_not_be_made_is_refused(
    client: TestClient, log_in_as: LogIn, line: object, status: int
) -> None:
    assert client.post("/api/v1/probes", json={"line": line}, headers=log_in_as(Role.OPS)).status_code == status


def test_an_agent_neither_orders_nor_reads_test_calls(client: TestClient, log_in_as: LogIn) -> None:
    headers = log_in_as(Role.AGENT)

    assert client.post("/api/v1/probes", json={"line": "12345"}, headers=headers).status_code == 403
    for path in ("/probes", "/probes/1", "/line-health", "/line-alarms"):
        assert client.get(f"/api/v1{path}").status_code == 403


def test_a_test_call_that_is_not_there_is_not_found(client: TestClient, log_in_as: LogIn) -> None:
    log_in_as(Role.OPS)

    assert client.get("/api/v1/probes/77").json()["code"] == "probe-not-found"
    assert client.get(f"/api/v1/probes/{10**30}").status_code == 422
    assert client.get("/api/v1/probes", params={"cursor": "x"}).status_code == 422
