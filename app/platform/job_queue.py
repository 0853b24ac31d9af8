"""Work for later: what a slice sees of the job queue. A job is a plain function of a context and ids.

Jobs leave after the commit and carry ids, never data (style.md rule 8). Redis down: the request goes on, the job is
logged as not taken, and the sweep of its slice finds the row that still says "not yet sent".
"""

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, Protocol, TypeVar

import structlog
from sqlalchemy.orm import Session

from app.platform.clock import Clock
from app.platform.database import Database, after_commit
from app.platform.settings import Settings

Id = int | str
_JOB_PATH = re.compile(r"app\.[a-z_]+\.jobs:[a-z_]+")

log = structlog.get_logger()


@dataclass(frozen=True)
class JobContext:
    """What every job is given."""

    settings: Settings
    database: Database
    clock: Clock


Job = Callable[Concatenate[JobContext, ...], None]
AnyJob = TypeVar("AnyJob", bound=Job)
JOB_LIMIT_SECONDS = 60


@dataclass(frozen=True)
class Terms:
    """How long a job may run, and whether it is tried again when it fails."""

    limit_seconds: int = JOB_LIMIT_SECONDS
    is_retried: bool = True


def on_terms(limit_seconds: int, *, is_retried: bool) -> Callable[[AnyJob], AnyJob]:
    """Decorator of a job for which a minute is too short, or a second try too much."""

    def mark(job: AnyJob) -> AnyJob:
        vars(job)["terms"] = Terms(limit_seconds, is_retried)
        return job

    return mark


def terms_of(path: str) -> Terms:
    """The terms of the job with this path; the usual ones for most. Errors of `find_job`."""
    terms: Terms = getattr(find_job(path), "terms", Terms())
    return terms


@dataclass(frozen=True)
class Sweep:
    """A job without ids that runs again and again; a slice's `jobs.py` lists its own in `SWEEPS`."""

    job: Job
    every_seconds: int


class JobQueue(Protocol):
    """Where jobs go."""

    def put(self, path: str, *ids: Id) -> bool:
        """Have `path` run once or more, soon. False: not taken (and logged). Never raises."""
        ...


def path_of(job: Job) -> str:
    """The name a worker finds the job by: `app.<slice>.jobs:<function>`. ValueError: it lives elsewhere."""
    path = f"{job.__module__}:{getattr(job, '__qualname__', '')}"
    if not _JOB_PATH.fullmatch(path):
        raise ValueError(f"{path} is no job: jobs are functions of app.<slice>.jobs")
    return path


def find_job(path: str) -> Job:
    """The function of a path. ValueError, ModuleNotFoundError, AttributeError: there is none."""
    if not _JOB_PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no job")
    module, _, name = path.partition(":")
    job: Job = getattr(importlib.import_module(module), name)
    return job


def enqueue(session: Session, job: Job, *ids: Id) -> None:
    """Run the job once this session's work is true. ValueError: no job. A session without a queue drops it."""
    path = path_of(job)
    jobs: JobQueue | None = session.info.get("jobs")
    if jobs is None:
        return
    queue = jobs

    def put() -> None:
        queue.put(path, *ids)

    after_commit(session, put)


class InProcessJobs:
    """Runs each job at once, in the caller's thread: for the CLI and for tests."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    def put(self, path: str, *ids: Id) -> bool:
        try:
            find_job(path)(self._context, *ids)
        except Exception:  # as a worker does: a job's failure is not its caller's
            log.exception("job_failed", job=path, ids=ids)
        return True


def find_sweeps() -> list[Sweep]:
    """Every slice's sweeps. Slices are found, not imported by name: the platform stands below them."""
    package = importlib.import_module("app")
    sweeps: list[Sweep] = []
    for found in pkgutil.iter_modules(package.__path__, "app."):
        if found.ispkg and found.name != "app.platform" and importlib.util.find_spec(f"{found.name}.jobs"):
            sweeps += getattr(importlib.import_module(f"{found.name}.jobs"), "SWEEPS", [])
    return sweeps
