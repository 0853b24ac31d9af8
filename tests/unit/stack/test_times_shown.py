"""What the terminal shows is the hotline's time, whatever zone the server is in."""

import time
from datetime import UTC, datetime

import pytest

from app.cli.dialplan_display import shown


def test_a_moment_is_shown_in_asia_shanghai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert shown(datetime(2026, 11, 30, 16, 0, tzinfo=UTC)) == "2026-12-01 00:00"
    finally:
        monkeypatch.undo()
        time.tzset()
