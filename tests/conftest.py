"""What every suite may ask for."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack import Stack


KEPT_SETTINGS = ("HOTLINE_ASTERISK_ROOT",)


def pytest_configure(config: pytest.Config) -> None:
    """No test reads the settings of the machine it runs on: the home folder is empty, the environment clean."""
    for name in [name for name in os.environ if name.startswith("HOTLINE_") and name not in KEPT_SETTINGS]:
        del os.environ[name]
    home = tempfile.mkdtemp(prefix="hotline-tests-")
    os.environ["HOTLINE_HOME"] = home
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The whole product on ports of its own. The browser suite, when alone, has its own beside the calls' one."""
    from tests.stack import running_stack  # noqa: PLC0415 - unit tests need none of it

    marks = {mark.name for item in request.session.items for mark in item.iter_markers()}
    with running_stack("browser" if "browser" in marks and "calls" not in marks else "calls") as running:
        yield running
