"""A small site and its text, and settings without a machine behind them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.contract.changes import ApplyReport
from dialplan.changes.applying import Applying, ChangeRequest
from dialplan.changes.steps import OnStep
from dialplan.changes.versions import StoredVersion, VersionStore, read_folder
from dialplan.check import prompt_names
from dialplan.plan_file import parse_plan
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan

TEXT = """\
name: small
label: 小站点
general_queue: common
seat_networks: [127.0.0.0/8]
trunks:
  - {name: carrier, label: 中继, addresses: [127.0.0.2], flow: hotline-12345, max_calls: 10,
     dids: [{number: "12345", line: "12345"}, {number: "12333", line: "12333"}]}
  - {name: labour, label: 人社局, kind: department, addresses: [127.0.0.8], flow: hotline-12345, max_calls: 10,
     outbound: {host: 127.0.0.8}, dids: [{number: "12345", line: "12345"}]}
lines:
  - {number: "12345", label: 热线, queue: common}
  - number: "12333"
    label: 人社热线
    queue: common
    category: retained
    periods:
      - {from: 2020-12-14, mode: forward, direction: out, trunk: labour}
queues:
  - {name: common, label: 综合受理, skills: [mandarin]}
  - {name: consumer, label: 消费, skills: [mandarin, consumer]}
seats:
  - {name: hall, range: 8001-8004}
pause_reasons:
  - {code: rest, label: 小休}
agents:
  - {username: "1001", label: 张敏, seat: "8001", skills: {mandarin: 0, consumer: 1}}
  - {username: "1002", label: 李强, seat: "8002", skills: {mandarin: 0, consumer: 1}}
  - {username: "1003", label: 王静, seat: "8003", skills: {mandarin: 0, consumer: 1}}
"""


@pytest.fixture
def text() -> str:
    return TEXT


@pytest.fixture
def plan() -> SitePlan:
    return parse_plan(TEXT, name="small.yaml")


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    found = VersionStore(tmp_path)
    found.prepare()
    return found


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DialplanSettings:
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    file = tmp_path / "plan.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return DialplanSettings(
        site_plan=file,
        ami_events_secret="events-secret-of-a-test",
        ami_commands_secret="commands-secret-of-a-test",
        seat_secret="seat-secret-of-a-test",
    )


@pytest.fixture
def node(settings: DialplanSettings, monkeypatch: pytest.MonkeyPatch) -> DialplanSettings:
    """A node that could take calls: prompts and music are there. What a scratch Asterisk says, tests/calls asks."""
    program = settings.root / "usr/sbin/asterisk"
    program.parent.mkdir(parents=True)
    program.touch()
    sounds, music = settings.asterisk_home / "data/sounds/zh/hotline", settings.asterisk_home / "data/moh"
    for folder, names in ((sounds, prompt_names(parse_plan(TEXT, name="small.yaml"))), (music, ["waiting"])):
        folder.mkdir(parents=True)
        for name in names:
            (folder / f"{name}.wav").touch()
    monkeypatch.setattr("dialplan.changes.applying.rehearse", lambda *_: [])
    return settings


def apply(settings: DialplanSettings, text: str, *, on_step: OnStep = lambda _: None, **request: Any) -> ApplyReport:
    """As anna, for a test."""
    return Applying(
        settings, ChangeRequest(text, "plan", **({"by": "anna", "why": "a test"} | request)), on_step=on_step
    ).run()


def rendered(settings: DialplanSettings) -> dict[str, str]:
    return read_folder(settings.asterisk_home / "etc")


def keep(
    store: VersionStore, version: StoredVersion, text: str = "name: x\n", files: Mapping[str, str] | None = None
) -> None:
    """Into the history; what was applied is in force."""
    store.draft(version, text, files or {}, {})
    store.publish(version)
    if version.outcome == "applied":
        store.point_to(version.number)


def a_version(number: int, **values: object) -> StoredVersion:
    """A version in the history, applied unless told otherwise."""
    known: dict[str, object] = {
        "number": number, "at": "2026-11-23T06:00:00Z", "by": "anna", "why": "a test", "outcome": "applied",
        "plan_digest": f"digest-{number}",
    }  # fmt: skip
    return StoredVersion.model_validate(known | values)
