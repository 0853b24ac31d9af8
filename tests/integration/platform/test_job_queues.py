"""The real queue and the one in the process keep the same promises; without Redis nothing fails but the job."""

import json
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.accounts.jobs import forget_login_failures
from app.accounts.models import LoginFailure
from app.contract.ports import free_port
from app.platform.clock import utc_now
from app.platform.database import Database, make_engine
from app.platform.job_queue import InProcessJobs, JobContext, JobQueue, Sweep, enqueue, path_of
from app.platform.jobs import RqJobs, enqueue_due, make_jobs, make_worker
from app.platform.redis import make_redis
from app.platform.settings import Settings

pytestmark = pytest.mark.services
Queue = tuple[JobQueue, Callable[[], None]]


def add_failures(database: Database) -> None:
    now = utc_now()
    with database.transaction() as session:
        session.add(LoginFailure(key="account:old", failures=3, last_failed_at=now - timedelta(days=2)))
        session.add(LoginFailure(key="account:new", failures=3, last_failed_at=now))


def failures(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(LoginFailure.key).order_by(LoginFailure.key)))


@pytest.fixture
def clean_redis(redis_url: str) -> Iterator[None]:
    client = make_redis(redis_url)
    client.flushdb()
    yield
    client.flushdb()
    client.close()


@pytest.fixture(params=["in process", "rq"])
def jobs(
    request: pytest.FixtureRequest, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch,
    clean_redis: None,
) -> Queue:  # fmt: skip
    """A queue, and how to have its work done."""
    if request.param == "in process":
        return InProcessJobs(JobContext(settings, database, utc_now)), lambda: None
    (settings.home / "hotline.env").write_text("")
    for name, value in settings.model_dump().items():
        text = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        monkeypatch.setenv(f"HOTLINE_{name}".upper(), str(text))

    def work() -> None:
        make_worker(settings).work(burst=True, logging_level="CRITICAL")

    return make_jobs(settings), work


def test_a_job_is_done(jobs: Queue, database: Database) -> None:
    queue, work = jobs
    add_failures(database)

    assert queue.put(path_of(forget_login_failures))
    work()

    assert failures(database) == ["account:new"]


def test_a_job_that_fails_is_not_its_callers_failure(jobs: Queue) -> None:
    queue, work = jobs

    assert queue.put(path_of(forget_login_failures), "one id too many")
    work()


def test_a_job_leaves_with_the_commit(jobs: Queue, database: Database) -> None:
    queue, work = jobs
    database.companions["jobs"] = queue
    add_failures(database)

    with suppress(ZeroDivisionError), database.transaction() as session:
        enqueue(session, forget_login_failures)
        raise ZeroDivisionError
    work()
    assert len(failures(database)) == 2

    with database.transaction() as session:
        enqueue(session, forget_login_failures)
    work()
    assert failures(database) == ["account:new"]


def test_without_redis_the_work_is_done_and_the_job_is_not_taken(tmp_path: Path) -> None:
    queue = RqJobs(make_redis(f"redis://127.0.0.1:{free_port()}/0", is_text=False))
    database = Database(make_engine(f"sqlite:///{tmp_path / 'a.db'}"), jobs=queue)

    with database.transaction() as session:
        enqueue(session, forget_login_failures)

    assert not queue.put(path_of(forget_login_failures))


def test_a_redis_that_hangs_is_not_asked_again_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:  # takes connections, and says nothing
        hanging.setblocking(False)
        port = hanging.getsockname()[1]
        queue = RqJobs(make_redis(f"redis://127.0.0.1:{port}/0", is_text=False))

        assert not queue.put(path_of(forget_login_failures))
        asked = connections(hanging)
        assert not queue.put(path_of(forget_login_failures))

        assert asked > 0
        assert connections(hanging) == 0


def connections(server: socket.socket) -> int:
    """How many have connected since this was asked last."""
    count = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


def test_a_session_without_a_queue_drops_the_job(tmp_path: Path) -> None:
    database = Database(make_engine(f"sqlite:///{tmp_path / 'a.db'}"))

    with database.transaction() as session:
        enqueue(session, forget_login_failures)


def test_of_many_workers_one_starts_a_sweep(redis_url: str, clean_redis: None) -> None:
    client = make_redis(redis_url)
    jobs = RqJobs(make_redis(redis_url, is_text=False))
    sweeps = [Sweep(forget_login_failures, every_seconds=3600)]

    started = [enqueue_due(client, jobs, sweeps) for _ in range(5)]

    assert started == [[path_of(forget_login_failures)], [], [], [], []]


def test_redis_holds_text_that_nobody_executes(redis_url: str, clean_redis: None) -> None:
    queue = RqJobs(make_redis(redis_url, is_text=False))
    queue.put(path_of(forget_login_failures), 7, "a")
    client = make_redis(redis_url, is_text=False)

    (key,) = client.keys("rq:job:*")

    function, _, arguments, _ = json.loads(_unpacked(client.hget(key, "data")))
    assert function == "app.platform.jobs.run_job"
    assert arguments == [path_of(forget_login_failures), 7, "a"]


def _unpacked(data: object) -> bytes:
    assert isinstance(data, bytes)
    try:
        return zlib.decompress(data)
    except zlib.error:
        return data
