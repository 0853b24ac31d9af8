"""The settings file: generated once, completed later, never overwritten."""

import stat
from pathlib import Path

import pytest

from app.cli.console import StepFailed
from app.cli.env_file import (
    DERIVED_MARK,
    SECRET_NAMES,
    complete,
    derived_values,
    ensure_env_file,
    read_assignments,
    split_derived,
)
from app.cli.settings import StackSettings
from app.contract.env import PROJECT

DERIVED = {"HOTLINE_WEB_URL": "http://127.0.0.1:8012", "HOTLINE_AGI_SERVERS": "127.0.0.1:4573"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_an_empty_folder_gets_every_secret_in_a_file_only_its_owner_reads(home: Path) -> None:
    added = ensure_env_file(home / "hotline.env")

    values = read_assignments((home / "hotline.env").read_text())
    assert added == list(SECRET_NAMES)
    assert all(len(values[name]) == 64 for name in SECRET_NAMES)
    assert len({values[name] for name in SECRET_NAMES}) == len(SECRET_NAMES)
    assert stat.S_IMODE((home / "hotline.env").stat().st_mode) == 0o600


def test_a_second_run_changes_not_a_byte(home: Path) -> None:
    ensure_env_file(home / "hotline.env")
    before = (home / "hotline.env").read_bytes()

    assert ensure_env_file(home / "hotline.env") == []
    assert (home / "hotline.env").read_bytes() == before


def test_a_missing_secret_is_added_and_the_others_stay(home: Path) -> None:
    home.mkdir()
    (home / "hotline.env").write_text("HOTLINE_SEAT_SECRET=mine\n")

    added = ensure_env_file(home / "hotline.env")

    assert "HOTLINE_SEAT_SECRET" not in added
    assert read_assignments((home / "hotline.env").read_text())["HOTLINE_SEAT_SECRET"] == "mine"


def test_an_empty_secret_counts_as_missing(home: Path) -> None:
    home.mkdir()
    (home / "hotline.env").write_text("HOTLINE_SEAT_SECRET=\n")

    assert "HOTLINE_SEAT_SECRET" in ensure_env_file(home / "hotline.env")
    assert StackSettings().seat_secret.get_secret_value()


def test_a_file_that_others_could_read_is_closed(home: Path) -> None:
    home.mkdir()
    (home / "hotline.env").write_text("")
    (home / "hotline.env").chmod(0o644)

    ensure_env_file(home / "hotline.env")

    assert stat.S_IMODE((home / "hotline.env").stat().st_mode) == 0o600


def test_addresses_follow_a_changed_port(home: Path) -> None:
    ensure_env_file(home / "hotline.env")
    owned, derived = split_derived((home / "hotline.env").read_text())
    (home / "hotline.env").write_text(f"{owned}HOTLINE_WEB_PORT=9999\n{DERIVED_MARK}{derived}")

    ensure_env_file(home / "hotline.env")

    assert StackSettings().web_url == "http://127.0.0.1:9999"


def test_the_block_of_an_earlier_version_is_replaced_not_kept() -> None:
    owned, derived = split_derived(
        "HOTLINE_NODE=node2\n# --- derived from the ports, as we said ---\nHOTLINE_WEB_URL=old\n"
    )

    assert read_assignments(owned) == {"HOTLINE_NODE": "node2"}
    assert read_assignments(derived) == {"HOTLINE_WEB_URL": "old"}


def test_redis_is_reached_with_the_generated_password(home: Path) -> None:
    ensure_env_file(home / "hotline.env")

    settings = StackSettings()

    password = settings.redis_password.get_secret_value()
    assert settings.redis_url.get_secret_value() == f"redis://:{password}@127.0.0.1:6390/0"


def test_a_value_that_a_person_wrote_is_left_out_of_the_derived_block() -> None:
    text = complete("HOTLINE_WEB_URL=http://10.0.0.7\n", {}, DERIVED)

    assert text.count("HOTLINE_WEB_URL") == 1
    assert read_assignments(text) == {"HOTLINE_WEB_URL": "http://10.0.0.7", "HOTLINE_AGI_SERVERS": "127.0.0.1:4573"}


def test_a_line_without_its_end_is_not_glued_to_the_next() -> None:
    assert read_assignments(complete("HOTLINE_NODE=node2", {"HOTLINE_SEAT_SECRET": "s"}, {})) == {
        "HOTLINE_NODE": "node2",
        "HOTLINE_SEAT_SECRET": "s",
    }


@pytest.mark.parametrize("line", ["# HOTLINE_A=1", "HOTLINE_A", "PATH=/bin", ""])
def test_what_is_no_setting_is_not_read(line: str) -> None:
    assert read_assignments(line) == {}


def test_derived_addresses_use_the_hosts_that_were_set(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_BRIDGE_HOST", "10.1.1.1")

    assert derived_values(StackSettings(), "p")["HOTLINE_BRIDGE_URL"] == "http://10.1.1.1:8013"


def test_wrap_up_is_the_longest_of_the_site_plan(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_SITE_PLAN", str(PROJECT / "dialplan/sites/test.yaml"))
    assert derived_values(StackSettings(), "p")["HOTLINE_WRAP_UP_SECONDS"] == "0"

    monkeypatch.setenv("HOTLINE_SITE_PLAN", str(PROJECT / "dialplan/sites/demo.yaml"))
    assert derived_values(StackSettings(), "p")["HOTLINE_WRAP_UP_SECONDS"] == "5"


def test_a_broken_site_plan_is_named_before_anything_is_derived(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = home / "plan.yaml"
    plan.parent.mkdir(parents=True, exist_ok=True)
    plan.write_text("queues: {")
    monkeypatch.setenv("HOTLINE_SITE_PLAN", str(plan))

    with pytest.raises(StepFailed, match=r"plan\.yaml"):
        derived_values(StackSettings(), "p")
