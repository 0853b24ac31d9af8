"""RQ: the only module that knows it. `python -m app.platform.jobs` is a worker; start as many as there is work.

Redis holds paths and ids as JSON, nothing that could be executed when it is read.
"""

import gc
import os
import signal
import threading
import time
from collections.abc import Sequence
from functools import cache
from types import FrameType

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry, Worker
from rq.serializers import JSONSerializer
from sqlalchemy.orm import configure_mappers

from app.contract.logs import configure_logging
from app.platform.clock import utc_now
from app.platform.database import Database, make_engine
from app.platform.job_queue import Id, JobContext, Sweep, find_job, find_sweeps, path_of, terms_of
from app.platform.redis import CONNECT_TIMEOUT_SECONDS, make_redis
from app.platform.settings import Settings
from app.platform.topics import SILENCE_SECONDS, RedisTopics

QUEUE = "hotline"
FAILURE_KEPT_SECONDS = 7 * 24 * 3600
RETRIES = Retry(max=3, interval=[5, 60, 600])
SWEEP_KEY = "hotline:sweep:"
TICK_SECONDS = 1.0
RUN_JOB = "app.platform.jobs.run_job"
"""By name: the worker's own module is called __main__."""

log = structlog.get_logger()


class RqJobs:
    """The real queue. Redis down: `put` says False and logs it, then leaves Redis alone for a while.

    A Redis that hangs would otherwise cost each batch of facts the client's time-out; sweeps find what was not put.
    """

    def __init__(self, client: Redis) -> None:
        self._silent_until = 0.0
        self._queue = Queue(QUEUE, connection=client, serializer=JSONSerializer)

    def put(self, path: str, *ids: Id) -> bool:
        terms = terms_of(path)
        if time.monotonic() < self._silent_until:
            return False
        try:
            self._queue.enqueue(
                RUN_JOB,
                args=(path, *ids),
                job_timeout=terms.limit_seconds,
                result_ttl=0,
                failure_ttl=FAILURE_KEPT_SECONDS,
                retry=RETRIES if terms.is_retried else None,
            )
        except RedisError as error:
            self._silent_until = time.monotonic() + SILENCE_SECONDS
            log.warning("job_not_taken", job=path, ids=ids, reason=type(error).__name__)
            return False
        return True


def make_jobs(settings: Settings) -> RqJobs:
    """The queue of these settings; connects when first used."""
    return RqJobs(make_redis(settings.redis_url.get_secret_value(), is_text=False))


@cache
def _context(_process_id: int) -> JobContext:
    settings = Settings()  # type: ignore[call-arg]  # the environment fills it
    topics = RedisTopics(make_redis(settings.redis_url.get_secret_value()))
    database = Database(make_engine(settings.effective_database_url), topics=topics, jobs=make_jobs(settings))
    return JobContext(settings, database, utc_now)


def run_job(path: str, *ids: Id) -> None:
    """What RQ runs, in a process of its own: no connection is shared with the worker that forked it."""
    with structlog.contextvars.bound_contextvars(job=path, ids=ids):
        find_job(path)(_context(os.getpid()), *ids)
        log.info("job_done")


def enqueue_due(client: Redis, jobs: RqJobs, sweeps: Sequence[Sweep]) -> list[str]:
    """Put every sweep whose time has come. However many workers ask, one gets it (a key that expires). RedisError."""
    due = []
    for sweep in sweeps:
        path = path_of(sweep.job)
        if client.set(SWEEP_KEY + path, os.getpid(), nx=True, ex=sweep.every_seconds):
            jobs.put(path)
            due.append(path)
    return due


def _prepare_forks() -> list[Sweep]:
    """Every slice's jobs imported and their tables mapped once: each job is a fork, which would do it again (80 ms)."""
    sweeps = find_sweeps()
    configure_mappers()
    gc.freeze()
    return sweeps


def _keep_time(settings: Settings, sweeps: Sequence[Sweep], stop: threading.Event) -> None:
    client = make_redis(settings.redis_url.get_secret_value())
    jobs = make_jobs(settings)
    while not stop.wait(TICK_SECONDS):
        try:
            enqueue_due(client, jobs, sweeps)
        except RedisError as error:
            log.warning("sweeps_wait", reason=type(error).__name__)
            stop.wait(5)
        except Exception:  # an outer loop: time goes on
            log.exception("sweeps_failed")


def make_worker(settings: Settings) -> Worker:
    """A worker on its own connection: it waits long for work, so answers have no time limit."""
    connection = Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=CONNECT_TIMEOUT_SECONDS)
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    return Worker([queue], connection=connection, serializer=JSONSerializer, log_job_description=False)


def main() -> None:
    """Work until SIGTERM; the job under way is finished. Redis away: try again each second, for as long as it takes."""
    configure_logging("worker")
    settings = Settings()  # type: ignore[call-arg]  # the environment fills it
    stop = threading.Event()

    def request_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    sweeps = _prepare_forks()
    timekeeper = threading.Thread(target=_keep_time, args=(settings, sweeps, stop), name="sweeps", daemon=True)
    timekeeper.start()
    while not stop.is_set():
        signal.signal(signal.SIGTERM, request_stop)
        signal.signal(signal.SIGINT, request_stop)
        try:
            make_worker(settings).work(with_scheduler=True, logging_level="WARNING")
            break  # it was asked to stop
        except RedisError as error:
            log.warning("worker_waits", reason=type(error).__name__)
            stop.wait(1)
    stop.set()
    log.info("worker_stopped")


if __name__ == "__main__":
    main()
