"""Jobs are named functions of a slice's jobs module; nothing else can be put into the queue."""

import pytest

from app.accounts import jobs as account_jobs
from app.platform.job_queue import JobContext, find_job, find_sweeps, path_of


def local_job(context: JobContext) -> None:
    """Lives in a test, so no worker could find it."""


def test_a_job_is_found_by_its_path() -> None:
    path = path_of(account_jobs.forget_login_failures)

    assert path == "app.accounts.jobs:forget_login_failures"
    assert find_job(path) is account_jobs.forget_login_failures


def test_a_function_from_elsewhere_is_no_job() -> None:
    with pytest.raises(ValueError, match="is no job"):
        path_of(local_job)


@pytest.mark.parametrize(
    "path", ["", "os:system", "app.accounts.jobs", "app.accounts.service:create_user", "app.a.jobs:a.b"]
)
def test_a_forged_path_runs_nothing(path: str) -> None:
    with pytest.raises(ValueError, match="is no job"):
        find_job(path)


def test_every_slices_sweeps_are_found_and_can_be_named() -> None:
    paths = [path_of(sweep.job) for sweep in find_sweeps()]

    assert "app.accounts.jobs:forget_login_failures" in paths
    assert len(paths) == len(set(paths))
    assert all(sweep.every_seconds > 0 for sweep in find_sweeps())
