"""Reading queue_log: each line once, across restarts, rotations and half-written lines."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ami_bridge.log_tail import LogTail


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


def write(path: Path, text: str | bytes) -> None:
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def test_each_line_is_read_once(path: Path) -> None:
    tail = LogTail(path, None)
    assert list(tail.read_new()) == []
    write(path, "一\n二\n")
    assert list(tail.read_new()) == ["一", "二"]
    write(path, "三\n")

    assert list(tail.read_new()) == ["三"]
    assert list(LogTail(path, tail.checkpoint).read_new()) == []


def test_half_a_line_waits_for_its_other_half(path: Path) -> None:
    tail = LogTail(path, None)
    write(path, "a\nhal")
    assert list(tail.read_new()) == ["a"]
    assert tail.end() == tail.checkpoint
    write(path, "f\n")

    assert list(tail.read_new()) == ["half"]


def test_what_was_written_before_and_after_a_rotation_is_read_in_order(path: Path) -> None:
    tail = LogTail(path, None)
    write(path, "a\n")
    assert list(tail.read_new()) == ["a"]
    write(path, "b\n")
    path.rename(path.with_name("queue_log.0"))
    write(path, "c\n")
    os.utime(path.with_name("queue_log.0"), (1, 1))

    assert list(tail.read_new()) == ["b", "c"]
    assert list(tail.read_new()) == []


def test_several_rotations_in_one_gap_are_read_oldest_first(path: Path) -> None:
    tail = LogTail(path, None)
    write(path, "a\n")
    list(tail.read_new())
    for age, (suffix, text) in enumerate([("2", "b\n"), ("1", "c\n")]):
        write(path, text)
        path.rename(path.with_name(f"queue_log.{suffix}"))
        os.utime(path.with_name(f"queue_log.{suffix}"), (100 + age, 100 + age))
    write(path, "d\n")

    assert list(tail.read_new()) == ["b", "c", "d"]


def test_a_file_that_was_emptied_is_read_from_its_start(path: Path) -> None:
    tail = LogTail(path, None)
    write(path, "a\nb\n")
    list(tail.read_new())
    path.write_text("c\n")

    with capture_logs() as logs:
        assert list(tail.read_new()) == ["c"]
    assert [line["event"] for line in logs] == ["queue_log_checkpoint_lost"]


def test_a_new_file_with_the_old_inode_is_no_mistake(path: Path) -> None:
    tail = LogTail(path, None)
    write(path, "a\nb\n")
    list(tail.read_new())
    path.write_text("c\nd\ne\n")  # the same inode, longer than before, another beginning

    assert list(tail.read_new()) == ["c", "d", "e"]


def test_any_bytes_are_read(path: Path) -> None:
    write(path, b"\xd5\xc5\xc8\xfd\r\n\x00\n")

    assert list(LogTail(path, None).read_new()) == ["\ufffd\ufffd\ufffd\ufffd", "\x00"]


def test_the_end_of_a_file_that_is_not_there_is_unknown(path: Path) -> None:
    assert LogTail(path, None).end() is None
