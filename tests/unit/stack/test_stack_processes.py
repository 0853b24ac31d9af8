"""Rendered process configuration, demo users, version numbers and the closing summary: everything pure."""

import io
import json
import stat
from configparser import RawConfigParser
from pathlib import Path

import pytest
from rich.console import Console

from app.accounts.models import Role
from app.cli.asterisk_root import is_new_enough, parse_candidate, parse_version
from app.cli.console import StepFailed
from app.cli.data_commands import parse_queues
from app.cli.process_control import ProcessControl, render_configuration
from app.cli.processes import START_ORDER, Program
from app.cli.seeding import DemoUser, read_demo_users, wanted_demo_users
from app.cli.settings import MAX_SOCKET_PATH, StackSettings
from app.contract.env import PROJECT
from dialplan.plan_file import load_plan
from tests import run_all
from tests.run_all import Stage, read_report, summarise


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackSettings:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOTLINE_REDIS_PASSWORD", "pass-word")
    return StackSettings()


def read_supervisor(settings: StackSettings) -> RawConfigParser:
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"))
    parser.read(settings.supervisor_home / "supervisord.conf")
    return parser


def test_the_bridge_outlives_asterisk_and_the_store_outlives_the_bridge(settings: StackSettings) -> None:
    render_configuration(settings, [Program(name, [name], "") for name in START_ORDER])

    parser = read_supervisor(settings)
    by_priority = sorted(START_ORDER, key=lambda name: parser.getint(f"program:{name}", "priority"), reverse=True)
    assert by_priority == ["agi", "asterisk", "bridge", "facts", "worker", "web", "redis"]


def test_a_command_survives_spaces_newlines_and_percent_signs(settings: StackSettings) -> None:
    render_configuration(settings, [Program("asterisk", ["sh", "-c", "set -e\nexec run '100%'"], "")])

    command = read_supervisor(settings)["program:asterisk"]["command"]
    assert command == "sh -c 'set -e\nexec run '\"'\"'100%%'\"'\"''"


def test_rendered_configuration_is_private_as_it_holds_the_password(settings: StackSettings) -> None:
    render_configuration(settings, [Program("redis", ["r"], "")])

    redis = settings.home / "redis" / "redis.conf"
    assert "requirepass pass-word" in redis.read_text()
    assert "bind 127.0.0.1" in redis.read_text()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (redis, settings.supervisor_home / "supervisord.conf")} == {
        0o600
    }


def test_a_deep_folder_still_gets_a_socket_name_that_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path / ("deep" * 40)))

    assert len(str(StackSettings().supervisor_socket)) <= MAX_SOCKET_PATH


def test_a_stack_that_was_never_started_is_simply_down(settings: StackSettings) -> None:
    control = ProcessControl(settings)

    assert not control.is_up()
    assert control.list_states() == []
    assert control.list_left_over() == []
    assert control.shut_down() == []


def test_every_agent_of_the_plan_and_every_role_gets_a_user() -> None:
    plan = load_plan(PROJECT / "dialplan/sites/demo.yaml")

    users = wanted_demo_users(plan, [])

    assert {user.role for user in users} == set(Role)
    assert [(u.username, u.seat) for u in users if u.role is Role.AGENT] == [(a.username, a.seat) for a in plan.agents]
    assert len({user.password for user in users}) == len(users)


def test_a_known_demo_user_keeps_the_password() -> None:
    plan = load_plan(PROJECT / "dialplan/sites/demo.yaml")
    known = [DemoUser("ops", "kept-password", "", Role.OPS)]

    assert {u.username: u.password for u in wanted_demo_users(plan, known)}["ops"] == "kept-password"


def test_demo_users_are_read_back_as_written(tmp_path: Path) -> None:
    row = {"username": "1001", "password": "p", "display_name": "张敏", "role": "agent", "seat": "8001"}
    (tmp_path / "users.json").write_text(json.dumps({"users": [row]}))

    assert read_demo_users(tmp_path / "users.json") == [DemoUser("1001", "p", "张敏", Role.AGENT, "8001")]
    assert read_demo_users(tmp_path / "absent.json") == []


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.15-1", (22, 10, 1)),
        ("1:20.6.0~dfsg-2", (20, 6, 0)),
        ("Asterisk GIT-master-abc", ()),
        ("", ()),
    ],
)
def test_versions_are_read_from_what_asterisk_and_apt_say(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


def test_a_distribution_without_asterisk_has_no_candidate() -> None:
    assert parse_candidate("asterisk:\n  Installed: (none)\n  Candidate: (none)\n") == ()
    assert parse_candidate("asterisk:\n  Candidate: 1:16.28.0~dfsg-0\n") == (16, 28, 0)
    assert parse_candidate("") == ()
    assert not is_new_enough((16, 28, 0))
    assert not is_new_enough(())


def test_queues_are_read_from_the_command_line() -> None:
    assert parse_queues(["common", "consumer=2"]) == {"common": 0, "consumer": 2}


@pytest.mark.parametrize("word", ["=1", "common=x", "common=-1"])
def test_a_queue_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(StepFailed, match="is no queue"):
        parse_queues([word])


def summary_of(*stages: Stage) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=120)
    code = summarise(list(stages), console)
    return code, console.file.getvalue()  # type: ignore[attr-defined]


def test_the_last_line_counts_every_test_run(capsys: pytest.CaptureFixture[str]) -> None:
    stages = [
        Stage("ruff", [], is_run=True),
        Stage("tests/unit", [], tests="unit", passed=40, is_run=True),
        Stage("tests/calls", [], tests="calls", passed=3, skipped=1, is_run=True),
    ]

    code, _ = summary_of(*stages)

    assert code == 0
    assert capsys.readouterr().out.splitlines()[-1] == "43 passed, 0 failed"


def test_a_failed_check_or_test_fails_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    stages = [
        Stage("mypy", [], exit_code=1, failed=1, is_run=True),
        Stage("tests/unit", [], tests="unit", passed=4, failed=2, exit_code=1, is_run=True),
    ]

    code, _ = summary_of(*stages)

    assert code == 1
    assert capsys.readouterr().out.splitlines()[-1] == "4 passed, 3 failed"


def test_a_stage_that_never_ran_fails_the_whole() -> None:
    code, table = summary_of(Stage("tests/unit", [], tests="unit", passed=1, is_run=True), Stage("mypy", []))

    assert code == 1
    assert "not run" in table


def test_junit_errors_count_as_failures(tmp_path: Path) -> None:
    (tmp_path / "r.xml").write_text(
        '<testsuites><testsuite tests="9" failures="1" errors="2" skipped="1"/></testsuites>'
    )

    assert read_report(tmp_path / "r.xml") == (5, 3, 1)


def test_a_stage_that_is_apart_goes_on_beside_the_next_and_is_shown_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_all, "REPORTS", tmp_path)
    sign = tmp_path / "sign"
    waits = ["timeout", "20", "sh", "-c", f"until [ -e {sign} ]; do sleep 0.02; done; echo it was seen; exit 3"]
    apart = Stage("tests/calls-apart", waits, tests="calls-apart", is_apart=True)
    beside = Stage("tests/calls", ["touch", str(sign)], tests="calls")

    run_all.run_stages([apart, beside], Console(file=io.StringIO()))

    assert (apart.exit_code, apart.failed, beside.exit_code) == (3, 1, 0)
    assert "it was seen" in capsys.readouterr().out
