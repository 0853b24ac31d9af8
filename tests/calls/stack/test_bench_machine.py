"""What a measurement says of the machine it was made on."""

import re
from pathlib import Path

import pytest

from app.cli.bench.command import describe_machine
from app.contract.env import PROJECT

pytestmark = pytest.mark.calls


def test_the_bench_knows_its_asterisk_before_anything_was_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOTLINE_ASTERISK_ROOT", str(PROJECT / ".runtime/asterisk-root"))

    assert re.fullmatch(r"\d+\.\d+(\.\d+)?", describe_machine("quick")["Asterisk"])
