"""A small site and settings without a machine behind them."""

import os
from pathlib import Path

import pytest

from dialplan.plan_file import load_plan
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan

SMALL = Path(__file__).with_name("small.yaml")


@pytest.fixture
def plan() -> SitePlan:
    return load_plan(SMALL)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DialplanSettings:
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    return DialplanSettings(
        site_plan=SMALL,
        ami_events_secret="events-secret-of-a-test",
        ami_commands_secret="commands-secret-of-a-test",
        seat_secret="seat-secret-of-a-test",
    )
