"""What `hotline doctor` makes of the facts: every level of every check."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.cli.doctor import installation, machine, probes
from app.cli.doctor.finding import Finding, Level
from app.cli.env_file import SECRET_NAMES
from app.cli.settings import StackSettings

ROOT = Path("/root-of-asterisk")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SECRETS = dict.fromkeys(SECRET_NAMES, "x" * 64)
GIGABYTE = 1024**3


@pytest.mark.parametrize(
    ("version", "level"), [((3, 11, 2), Level.OK), ((3, 13, 0), Level.OK), ((3, 9, 2), Level.FAIL)]
)
def test_python_must_be_new_enough(version: tuple[int, ...], level: Level) -> None:
    assert machine.judge_python(version).level is level


def test_a_missing_program_is_named_by_its_package() -> None:
    finding = machine.judge_programs(["sip-tester"])

    assert (finding.level, finding.message) == (Level.FAIL, "missing: sip-tester")


def test_all_programs_there_is_well() -> None:
    assert machine.judge_programs([]).level is Level.OK


@pytest.mark.parametrize(
    ("version", "level", "says"),
    [
        ((), Level.FAIL, "no Asterisk"),
        ((18, 26, 1), Level.FAIL, "too old"),
        ((20, 6, 0), Level.OK, "20.6.0"),
        ((22, 8, 2), Level.OK, "22.8.2"),
        ((22, 9, 0), Level.WARN, "deadlock"),
        ((22, 10, 0), Level.WARN, "security fixes"),
        ((22, 10, 1), Level.WARN, "TCP"),
        ((22, 11, 0), Level.OK, "22.11.0"),
    ],
)
def test_asterisk_is_judged_by_its_version(version: tuple[int, ...], level: Level, says: str) -> None:
    finding = machine.judge_asterisk(version, ROOT)

    assert finding.level is level
    assert says in finding.message


def test_dns_that_answers_is_well() -> None:
    assert machine.judge_look_up({"vm": 0.01}, asterisk_knows_names=False).level is Level.OK


@pytest.mark.parametrize("seconds", [None, 2.5])
def test_dns_that_hangs_would_delay_every_call(seconds: float | None) -> None:
    finding = machine.judge_look_up({"vm": seconds, "quick": 0.0}, asterisk_knows_names=False)

    assert finding.level is Level.FAIL
    assert finding.remedy == "add the line `127.0.0.1 vm` to /etc/hosts"


def test_dns_that_hangs_does_not_matter_where_asterisk_has_its_own_names() -> None:
    assert machine.judge_look_up({"vm": None}, asterisk_knows_names=True).level is Level.OK


@pytest.mark.parametrize(
    ("free", "level"), [(GIGABYTE // 4, Level.FAIL), (2 * GIGABYTE, Level.WARN), (50 * GIGABYTE, Level.OK)]
)
def test_disk_space_is_judged_by_what_recordings_need(free: int, level: Level) -> None:
    assert machine.judge_disk(free, ROOT).level is level


@pytest.mark.parametrize(
    ("now", "is_synchronised", "level"),
    [
        (NOW, True, Level.OK),
        (NOW, None, Level.OK),
        (NOW, False, Level.WARN),
        (NOW - timedelta(days=400), True, Level.FAIL),
    ],
)
def test_a_clock_behind_our_own_files_is_wrong(now: datetime, is_synchronised: bool | None, level: Level) -> None:
    assert machine.judge_clock(now, NOW - timedelta(days=1), is_synchronised).level is level


@pytest.mark.parametrize(
    ("mode", "present", "level"),
    [
        (None, {}, Level.FAIL),
        (0o644, SECRETS, Level.FAIL),
        (0o640, SECRETS, Level.FAIL),
        (0o600, {**SECRETS, "HOTLINE_SEAT_SECRET": ""}, Level.FAIL),
        (0o600, SECRETS, Level.OK),
    ],
)
def test_secrets_are_complete_and_private(mode: int | None, present: dict[str, str], level: Level) -> None:
    assert installation.judge_env_file(Path("hotline.env"), mode, present).level is level


def test_no_secret_is_ever_shown() -> None:
    finding = installation.judge_env_file(Path("hotline.env"), 0o600, SECRETS)

    assert "x" * 64 not in finding.message + finding.remedy


def test_an_address_that_does_not_follow_from_its_port_is_a_warning_without_its_value() -> None:
    finding = installation.judge_addresses({"HOTLINE_REDIS_URL": "new"}, {"HOTLINE_REDIS_URL": "old-with-password"})

    assert finding.level is Level.WARN
    assert "password" not in finding.message


def test_addresses_that_nobody_set_follow_from_the_ports() -> None:
    assert installation.judge_addresses({"HOTLINE_WEB_URL": "new"}, {}).level is Level.OK


def test_a_port_taken_by_a_stranger_names_the_stranger() -> None:
    (finding,) = installation.judge_ports({"web": 8012}, {8012: "nginx (pid 7)"}, frozenset())

    assert finding.level is Level.FAIL
    assert finding.message == "port 8012 (web) is taken by nginx (pid 7)"
    assert "HOTLINE_WEB_PORT" in finding.remedy


def test_a_port_held_by_our_own_process_is_well() -> None:
    (finding,) = installation.judge_ports({"web": 8012}, {8012: "python (pid 7)"}, frozenset({8012}))

    assert finding.level is Level.OK


@pytest.mark.parametrize(
    ("current", "problem", "level", "remedy"),
    [
        ("0003", "", Level.OK, ""),
        ("0002", "", Level.FAIL, "run `hotline db upgrade`"),
        (None, "", Level.FAIL, "run `hotline setup`"),
        (None, "connection refused", Level.FAIL, "start it, or correct HOTLINE_DATABASE_URL"),
    ],
)
def test_the_schema_must_be_the_newest(current: str | None, problem: str, level: Level, remedy: str) -> None:
    finding = installation.judge_schema(current, "0003", problem)

    assert (finding.level, finding.remedy) == (level, remedy)


def test_the_first_problem_of_the_prompts_is_shown_and_the_others_counted() -> None:
    assert installation.judge_prompts([]).level is Level.OK
    assert installation.judge_prompts(["a", "b", "c"]).message == "a (and 2 more)"


def test_a_faulty_site_plan_fails() -> None:
    assert installation.judge_dialplan([], ROOT).level is Level.OK
    assert installation.judge_dialplan(["demo.yaml: queues: missing"], ROOT).level is Level.FAIL


def test_a_stopped_stack_is_a_warning_and_a_sick_process_a_failure() -> None:
    assert [f.level for f in installation.judge_processes({})] == [Level.WARN]
    assert [f.level for f in installation.judge_processes({"web": "", "agi": ""})] == [Level.OK]
    assert [(f.check, f.level) for f in installation.judge_processes({"web": "", "agi": "BACKOFF"})] == [
        ("agi", Level.FAIL)
    ]


def test_listeners_are_read_from_ss() -> None:
    listing = (
        'udp   UNCONN 0      0          127.0.0.1:5060      0.0.0.0:*    users:(("asterisk",pid=12,fd=9))\n'
        'tcp   LISTEN 0  2048  127.0.0.1:8012  0.0.0.0:*  users:(("python3",pid=7,fd=6),("python3",pid=8,fd=6))\n'
        "tcp   LISTEN 0      128            [::1]:6390         [::]:*\n"
    )

    taken, holders = probes.parse_listeners(listing)

    assert taken == {
        5060: "asterisk (pid 12)",
        8012: "python3 (pid 7), python3 (pid 8)",
        6390: "a program of another user",
    }
    assert holders == {5060: {12}, 8012: {7, 8}, 6390: set()}


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def check_clouds(_settings: StackSettings) -> Finding:
        raise RuntimeError("no sky")

    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setattr(probes, "CHECKS", (check_clouds, probes.check_python))
    findings: Iterator[Finding] = probes.run_checks(StackSettings())

    assert [(f.check, f.level) for f in findings] == [("clouds", Level.FAIL), ("python", Level.OK)]


def test_lines_whose_test_calls_need_a_look_are_named() -> None:
    assert installation.judge_lines(0, {}).level is Level.OK
    assert installation.judge_lines(9, {}).message == "the test calls of 9 lines are recent and good"
    new = "the test calls of 2 lines are recent and good; 7 wait for their first one"
    assert installation.judge_lines(9, {}, waiting=7).message == new

    finding = installation.judge_lines(9, {"12315": "silent, 2 in a row", "12333": "last test call too old: never"})

    assert finding.level is Level.WARN
    assert (
        "2 of 9 lines need a look: 12315 (silent, 2 in a row), 12333 (last test call too old: never)" in finding.message
    )


def test_of_hundreds_of_lines_the_first_are_named_and_the_rest_counted() -> None:
    finding = installation.judge_lines(500, {str(number): "cannot be dialled" for number in range(12300, 12800)})

    assert finding.message.count("cannot be dialled") == installation.SHOWN_LINES
    assert "and 490 more" in finding.message


def test_facts_that_could_not_be_kept_are_counted_and_each_kind_has_its_command() -> None:
    assert installation.judge_facts(0, {}).level is Level.OK

    finding = installation.judge_facts(3, {"node1.agi": 1, "node1.ami": 4})

    assert finding.level is Level.WARN
    assert finding.message == "3 are parked in the store; 5 lie refused beside the journals of node1.agi, node1.ami"
    assert "events parked list" in finding.remedy
    assert "events resend" in finding.remedy


def test_how_the_last_check_of_the_audit_log_ended_is_told_with_its_time() -> None:
    whole = installation.judge_audit("whole", "2026-11-24 03:10 by system, 12 entries")

    assert (whole.level, "2026-11-24 03:10" in whole.message) == (Level.OK, True)
    for verdict in ("broken", "overdue", "unchecked"):
        finding = installation.judge_audit(verdict, "2026-11-24 03:10 by system, entry 7 (altered)")
        assert finding.level is Level.WARN
        assert "hotline audit verify" in finding.remedy
    assert "entry 7 (altered)" in installation.judge_audit("broken", "entry 7 (altered)").message


def test_a_year_without_a_calendar_is_told_with_the_command_that_brings_it() -> None:
    assert installation.judge_calendar(None).level is Level.OK
    assert "import-year 2027" in installation.judge_calendar(2027).remedy
