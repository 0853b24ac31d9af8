"""What Asterisk is given, without Asterisk."""

import stat
from pathlib import Path, PurePosixPath

import pytest
from jinja2 import UndefinedError

from dialplan.asterisk import launch_command
from dialplan.escaping import UnsafeValue, configuration_value
from dialplan.plan_file import load_plan
from dialplan.render import environment, render, write
from dialplan.seats import list_seats, seat_password
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan


def rendered(plan: SitePlan, settings: DialplanSettings, name: str) -> str:
    return render(plan, settings)[PurePosixPath(name)]


@pytest.mark.parametrize(
    "value", ["plain", "mandarin_2", "/srv/hotline", "agi-1.example:4573", "127.0.0.0/8", 15, "中"]
)
def test_a_harmless_value_passes(value: str | int) -> None:
    assert configuration_value(value) == str(value)


@pytest.mark.parametrize(
    "value", ["a\nb", "a\rb", "a;b", "[general]", "${EXTEN}", 'a"b', "a|b", "a,b", "Dial(x)", "a=b", "a&b", "#include"]
)
def test_a_value_that_would_change_the_configuration_is_refused(value: str) -> None:
    with pytest.raises(UnsafeValue, match="contains"):
        configuration_value(value)


@pytest.mark.parametrize("value", [None, True, 1.5, ["a"]])
def test_only_text_numbers_and_networks_can_stand_in_a_configuration(value: object) -> None:
    with pytest.raises(UnsafeValue):
        configuration_value(value)


def test_no_expression_of_a_template_escapes_the_escaping() -> None:
    with pytest.raises(UnsafeValue):
        environment().from_string("name = {{ name }}").render(name="x\n[admin]")


def test_a_name_that_nobody_gave_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ misspelt }}").render()


def test_a_secret_that_could_end_its_line_is_refused(plan: SitePlan, settings: DialplanSettings) -> None:
    poisoned = settings.model_copy(update={"ami_host": "127.0.0.1\n[admin]"})

    with pytest.raises(UnsafeValue):
        render(plan, poisoned)


def test_each_trunk_is_known_by_its_address_alone(plan: SitePlan, settings: DialplanSettings) -> None:
    text = rendered(plan, settings, "pjsip.conf")

    assert "identify_by = ip\ncontext = from-trunk-carrier" in text
    assert "endpoint = carrier\nmatch = 127.0.0.2/32" in text


def test_seats_have_passwords_that_differ(plan: SitePlan, settings: DialplanSettings) -> None:
    one, other = list_seats(settings)

    assert one.password != other.password
    assert one.password == seat_password("seat-secret-of-a-test", "8001")
    assert len(one.password) == 32
    assert f"password = {one.password}" in rendered(plan, settings, "pjsip.conf")


def test_a_seat_is_printed_with_the_agent_who_sits_there(settings: DialplanSettings) -> None:
    assert [(seat.seat, seat.agent) for seat in list_seats(settings)] == [("8001", "1001"), ("8002", "")]


def test_no_module_is_loaded_by_itself(plan: SitePlan, settings: DialplanSettings) -> None:
    assert "autoload = no" in rendered(plan, settings, "modules.conf")


def test_the_bridge_hears_only_what_it_needs(plan: SitePlan, settings: DialplanSettings) -> None:
    text = rendered(plan, settings, "manager.conf")
    listener, actor = text.split("[hotline-commands]")

    assert "eventfilter(name(AgentConnect)) =" in listener
    assert "write = reporting" in listener
    assert "write = agent,call,reporting" in actor
    assert "command" not in actor.partition("write =")[2]


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("22.10.1", "eventfilter(name(AgentConnect)) ="),
        ("22.0.0", "eventfilter = Event: AgentConnect"),
        ("20.11.0", "eventfilter(name(AgentConnect)) ="),
        ("20.6.0", "eventfilter = Event: AgentConnect"),
    ],
)
def test_an_older_asterisk_filters_events_in_its_own_way(
    version: str, line: str, plan: SitePlan, settings: DialplanSettings
) -> None:
    assert line in render(plan, settings, version)[PurePosixPath("manager.conf")]


def test_announcements_are_left_out_where_the_plan_has_none(plan: SitePlan, settings: DialplanSettings) -> None:
    assert "periodic-announce" not in rendered(plan, settings, "queues.conf")


def test_files_are_written_for_asterisk_alone_and_stale_ones_removed(
    plan: SitePlan, settings: DialplanSettings
) -> None:
    folder = settings.asterisk_home / "etc"
    folder.mkdir(parents=True)
    (folder / "sip.conf").write_text("old")

    written = write(render(plan, settings), settings)

    assert {stat.S_IMODE(file.stat().st_mode) for file in written} == {0o640}
    assert not (folder / "sip.conf").exists()
    assert not list(folder.glob(".*.new"))


def test_rendering_twice_gives_the_same(plan: SitePlan, settings: DialplanSettings) -> None:
    assert render(plan, settings) == render(plan, settings)


def test_a_system_asterisk_gets_our_hosts_file_and_no_root(settings: DialplanSettings) -> None:
    script = launch_command(settings)[-1]

    assert f"mount --bind {settings.asterisk_home}/etc/hosts /etc/hosts" in script
    assert "chroot --userspec=+64345:+64345 --groups= / /usr/sbin/asterisk" in script


def test_our_own_root_sees_home_proc_and_dev(settings: DialplanSettings, tmp_path: Path) -> None:
    binary = tmp_path / "root/usr/sbin/asterisk"
    binary.parent.mkdir(parents=True)
    binary.touch()

    script = launch_command(settings.model_copy(update={"asterisk_root": tmp_path / "root"}))[-1]

    assert f"mount --rbind {settings.asterisk_home} {tmp_path}/root{settings.asterisk_home}" in script
    assert script.splitlines()[-1].startswith(f"exec chroot --userspec=+64345:+64345 --groups= {tmp_path}/root ")


def test_a_folder_with_a_blank_is_quoted(settings: DialplanSettings, tmp_path: Path) -> None:
    script = launch_command(settings.model_copy(update={"home": tmp_path / "my home"}))[-1]

    assert f"'{tmp_path}/my home/asterisk/etc/hosts'" in script


def test_the_bench_has_as_many_phones_as_seats(settings: DialplanSettings) -> None:
    plan = load_plan(Path(settings.site_plan).parents[3] / "dialplan/sites/bench.yaml")

    assert rendered(plan, settings, "pjsip.conf").count("type = aor") == 200


def test_only_the_department_s_own_leg_counts_on_its_trunk(plan: SitePlan, settings: DialplanSettings) -> None:
    text = rendered(plan, settings, "extensions.conf")

    assert 'ExecIf($["${CHANNEL(endpoint)}" = "${HL_DEPARTMENT}"]?Set(GROUP(trunk)=${HL_DEPARTMENT}))' in text
