"""What every suite may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack import Stack


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The whole product on ports of its own. The browser suite, when alone, has its own beside the calls' one."""
    from tests.stack import running_stack  # noqa: PLC0415 - unit tests need none of it

    marks = {mark.name for item in request.session.items for mark in item.iter_markers()}
    with running_stack("browser" if "browser" in marks and "calls" not in marks else "calls") as running:
        yield running
