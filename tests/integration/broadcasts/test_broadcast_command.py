"""The duty officer's commands: announce, hear it in a file that Asterisk can play, end."""

import json
import os
import shutil
import subprocess
import sys
import wave
from datetime import timedelta
from pathlib import Path

import pytest

from app.contract.env import PROJECT
from app.platform.clock import to_shanghai, utc_now

pytestmark = pytest.mark.services


def hotline(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    environment |= {"HOTLINE_HOME": str(home), "HOTLINE_DATABASE_URL": f"sqlite:///{home / 'store.db'}"}
    command = [sys.executable, "-m", "app.cli", "broadcasts", *words]
    return subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=90, check=False
    )


def test_what_is_announced_is_spoken_listed_and_ended(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "store.db")
    until = to_shanghai(utc_now() + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M")

    made = hotline(tmp_path, "announce", "新华区停水，正在抢修。", "--until", until, "--incident", "--line", "12345")
    listed = json.loads(hotline(tmp_path, "list", "--json").stdout)["items"]
    ended = hotline(tmp_path, "end", "1")

    assert made.returncode == 0, made.stdout + made.stderr
    assert [(row["text"], row["line"], row["is_on_air"]) for row in listed] == [
        ("新华区停水，正在抢修。", "12345", True)
    ]
    (audio,) = tmp_path.rglob("broadcast-1.wav")
    with wave.open(str(audio), "rb") as spoken:
        assert spoken.getnframes() / spoken.getframerate() > 1
    assert ended.returncode == 0
    assert json.loads(hotline(tmp_path, "list", "--json").stdout)["items"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("announce", "新华区停水，正在抢修。", "--until", "2020-01-01 00:00"), "bad-period"),
        (("announce", "停", "--until", "2099-01-01 00:00"), "text"),
        (("end", "7"), "not-found"),
        (("speak", "7"), "not-found"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    tmp_path: Path, sqlite_template: Path, words: tuple[str, ...], message: str
) -> None:
    shutil.copy(sqlite_template, tmp_path / "store.db")

    done = hotline(tmp_path, *words)

    assert done.returncode != 0
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
