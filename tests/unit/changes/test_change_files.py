"""Differences of rendered files: readable, counted, and without a password in them."""

import re

import pytest

from dialplan.changes.files import COMPARED_LINES, SHOWN_LINES, diff_files, masked
from dialplan.changes.reload import needs_restart, reload_commands

TRANSPORT = "[udp]\ntype = transport\nbind = 127.0.0.1:{port}\n\n[known]\ntype = acl\n"


def test_files_that_are_the_same_are_not_told() -> None:
    assert diff_files({"a.conf": "x\n"}, {"a.conf": "x\n"}) == []


def test_a_changed_line_is_shown_at_its_place() -> None:
    before = "".join(f"line {n}\n" for n in range(1, 101))

    [found] = diff_files({"a.conf": before}, {"a.conf": before.replace("line 50\n", "line fifty\n")})

    assert (found.lines_added, found.lines_removed) == (1, 1)
    assert "@@ -47,7 +47,7 @@" in found.diff
    assert "-line 50\n+line fifty" in found.diff


def test_a_new_and_a_vanished_file_are_told_as_such() -> None:
    found = diff_files({"old.conf": "a\n"}, {"new.conf": "b\nc\n"})

    assert [(file.name, file.effect.value, file.lines_added, file.lines_removed) for file in found] == [
        ("new.conf", "added", 2, 0),
        ("old.conf", "removed", 0, 1),
    ]


def test_no_password_is_shown_but_that_it_changed() -> None:
    [found] = diff_files({"manager.conf": "secret = first-secret\n"}, {"manager.conf": "secret = second-secret\n"})

    assert "first-secret" not in found.diff
    assert "second-secret" not in found.diff
    assert found.diff.count("secret = (masked") == 2


@pytest.mark.parametrize(
    "line",
    [
        "secret = hunter2",
        "  password=hunter2",
        ";secret = hunter2",
        "; ; secret = hunter2",
        "Secret = hunter2",
        "PASSWORD = hunter2",
        "md5_cred = hunter2",
        "md5-cred = hunter2",
        "auth_pass=hunter2",
        "remotesecret = hunter2",
        "md5secret = hunter2",
        "tlspassword => hunter2",
        "db-passwd = hunter2",
        "password_digest = hunter2",
    ],
)
def test_every_way_to_write_a_password_is_masked(line: str) -> None:
    name = re.split("=>?", line)[0].strip()

    found = masked(line)

    assert "hunter2" not in found
    assert name in found


@pytest.mark.parametrize(
    "line", ["auth = seat-8001", "auth_type = userpass", "; the password is derived", "exten => 1"]
)
def test_what_is_no_password_is_shown(line: str) -> None:
    assert masked(line) == line


def test_a_huge_difference_is_cut_and_still_counted() -> None:
    lines = COMPARED_LINES * 2

    [found] = diff_files(
        {"a": "".join(f"a{n}\n" for n in range(lines))}, {"a": "".join(f"b{n}\n" for n in range(lines))}
    )

    assert (found.lines_added, found.lines_removed) == (lines, lines)
    assert len(found.diff.splitlines()) == SHOWN_LINES + 1


def test_only_what_changed_is_reloaded_and_the_dialplan_before_the_trunks() -> None:
    old = {"pjsip.conf": "a", "extensions.conf": "a", "queues.conf": "a", "manager.conf": "a"}

    assert reload_commands(old, old | {"pjsip.conf": "b", "extensions.conf": "b"}) == [
        "dialplan reload",
        "module reload res_pjsip.so",
    ]


def test_a_new_module_is_loaded_first() -> None:
    old = {"modules.conf": "load = a.so\n", "extensions.conf": "a"}
    new = {"modules.conf": "load = a.so\nload = b.so ; why\n", "extensions.conf": "b"}

    assert reload_commands(old, new) == ["module load b.so", "dialplan reload"]
    assert needs_restart(old, new) == []


def test_what_a_reload_cannot_change_is_told() -> None:
    old = {"pjsip.conf": TRANSPORT.format(port=5060), "asterisk.conf": "a", "modules.conf": "load = a.so\n"}
    new = {"pjsip.conf": TRANSPORT.format(port=5070), "asterisk.conf": "b", "modules.conf": ""}

    assert [english for english, _ in needs_restart(old, new)] == [
        "asterisk.conf",
        "modules.conf (a module is no longer wanted)",
        "pjsip.conf (the SIP transport)",
    ]
