"""The journal: nothing that was written is lost, whatever happens to the process or the file."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from app.contract.events import CallEnded, CallerQueued, CallEvent
from app.contract.journal import Journal, JournalLocked
from app.contract.records import decode_record, encode_record

MOMENT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def event(number: int) -> CallEvent:
    return CallEvent.make(
        CallerQueued(queue="综合受理", position=number), node="node1", occurred_at=MOMENT, uniqueid=f"u{number}"
    )


def positions(journal: Journal, after: int = 0, limit: int = 1000) -> list[tuple[int, int]]:
    found = journal.read_after(after, limit)
    return [(record.seq, record.as_dict()["payload"]["position"]) for record in found]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path, segment_bytes=700, fsync_interval_ms=0)
    yield journal
    journal.close()


def reopened(journal: Journal, **changes: int) -> Journal:
    journal.close()
    return Journal(journal.folder, **{"segment_bytes": 700, "fsync_interval_ms": 0, **changes})


def test_what_is_written_is_read_back_in_order_across_segments(journal: Journal) -> None:
    for number in range(20):
        assert journal.append(event(number)) == number + 1

    assert positions(journal) == [(number + 1, number) for number in range(20)]
    assert len(list(journal.folder.glob("*.journal"))) > 5


def test_reading_in_pieces_gives_the_same_as_reading_at_once(journal: Journal) -> None:
    journal.append_all(event(number) for number in range(20))
    pieces, after = [], 0
    while piece := positions(journal, after, 3):
        pieces += piece
        after = piece[-1][0]

    assert pieces == positions(journal)


def test_a_reader_at_the_end_sees_what_is_written_next(journal: Journal) -> None:
    journal.append_all(event(number) for number in range(7))
    assert positions(journal, 7) == []

    journal.append(event(7))

    assert positions(journal, 7) == [(8, 7)]


def test_a_record_is_the_whole_event_with_its_seq(journal: Journal) -> None:
    journal.append(event(4))

    [record] = journal.read_after(0, 10)

    assert record.event == event(4).model_copy(update={"seq": 1})


def test_numbers_go_on_after_a_restart(journal: Journal) -> None:
    journal.append_all(event(number) for number in range(9))
    journal.acknowledge(5)

    again = reopened(journal)

    assert (again.last_seq, again.acknowledged_seq) == (9, 5)
    assert again.append(event(9)) == 10
    again.close()


def test_numbers_the_store_knows_from_a_lost_journal_are_not_given_again(journal: Journal) -> None:
    journal.go_on_after(500)

    assert journal.append(event(1)) == 501
    assert positions(journal, 0) == [(501, 1)]


def test_an_acknowledged_mark_never_goes_back(journal: Journal) -> None:
    journal.acknowledge(7)
    journal.acknowledge(3)

    assert journal.acknowledged_seq == 7


@pytest.mark.parametrize("content", ["", "no number", "-", "\x00\x00"])
def test_a_broken_acknowledged_mark_means_sending_again_from_the_start(journal: Journal, content: str) -> None:
    journal.append_all(event(number) for number in range(3))
    (journal.folder / "acknowledged").write_text(content)

    again = reopened(journal)

    assert again.acknowledged_seq == 0
    assert again.last_seq == 3
    again.close()


@given(cut=st.integers(min_value=0), count=st.integers(min_value=1, max_value=4))
@settings(max_examples=60, deadline=None)
def test_a_tail_torn_at_any_byte_costs_only_the_torn_record(
    tmp_path_factory: pytest.TempPathFactory, cut: int, count: int
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal"), fsync_interval_ms=0)
    journal.append_all(event(number) for number in range(count))
    [path] = journal.folder.glob("*.journal")
    content = path.read_bytes()
    kept = content[: cut % (len(content) + 1)]
    path.write_bytes(kept)
    whole = kept.count(b"\n")

    again = reopened(journal)

    assert positions(again) == [(number + 1, number) for number in range(whole)]
    assert again.append(event(99)) == whole + 1
    assert positions(again)[-1] == (whole + 1, 99)
    again.close()


def test_a_tail_torn_at_every_byte_of_one_record_is_cut(tmp_path: Path) -> None:
    line = encode_record(1, event(1).model_dump_json().encode())

    assert all(decode_record(line[:length]) is None for length in range(len(line)))
    assert decode_record(line) is not None


@given(place=st.integers(min_value=0), damage=st.integers(min_value=1, max_value=255))
@settings(max_examples=60, deadline=None)
def test_one_damaged_byte_in_the_middle_costs_its_record_and_no_later_one(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: int
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal"), fsync_interval_ms=0)
    journal.append_all(event(number) for number in range(8))
    [path] = journal.folder.glob("*.journal")
    content = bytearray(path.read_bytes())
    first, second = (index for index, _ in [(content.index(b"\n"), 0), (len(content) // 2, 0)])
    place = first + 1 + place % (second - first - 1)
    content[place] ^= damage
    path.write_bytes(content)

    again = reopened(journal)
    with capture_logs() as logs:
        found = [seq for seq, _ in positions(again)]
        again.read_after(0, 100)

    lost = set(range(1, 9)) - set(found)
    assert found == sorted(found)
    assert len(lost) <= 2
    assert max(lost, default=0) < 8
    assert sum(line["event"] == "journal_record_damaged" for line in logs) == len({line["offset"] for line in logs})
    assert again.append(event(99)) == 9
    again.close()


def test_acknowledged_segments_go_first_when_the_bound_is_reached(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=700, max_bytes=4000, fsync_interval_ms=0)
    for number in range(100):
        journal.acknowledge(journal.append(event(number)))

    assert journal.size_bytes <= 4000 + 700
    assert journal.dropped_segments == 0
    assert positions(journal)[-1] == (100, 99)
    journal.close()


def test_a_full_journal_warns_then_drops_the_oldest_unsent_and_says_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=700, max_bytes=4000, fsync_interval_ms=0)
    with capture_logs() as logs:
        for number in range(40):
            journal.append(event(number))

    names = [line["event"] for line in logs]
    assert names.index("journal_filling") < names.index("journal_dropped_unsent")
    assert journal.dropped_segments > 0
    assert positions(journal)[-1] == (40, 39)
    assert journal.size_bytes <= 4000 + 700
    journal.close()


def test_only_one_process_writes(journal: Journal) -> None:
    with pytest.raises(JournalLocked):
        Journal(journal.folder)


def test_a_full_disk_keeps_all_or_nothing_and_later_writes_work(journal: Journal) -> None:
    journal.append(event(0))
    size = next(journal.folder.glob("*.journal")).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            journal.append_all([event(1), event(2)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert positions(journal) == [(1, 0)]
    assert journal.append(event(3)) == 2
    assert positions(journal) == [(1, 0), (2, 3)]


@contextmanager
def no_file_to_open() -> Iterator[None]:
    """As in a process that has used up its descriptors: those it has go on working."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_rotation_that_fails_leaves_the_old_segment_in_use(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=700, fsync_interval_ms=3_600_000)
    with capture_logs() as logs, no_file_to_open():
        for number in range(10):
            assert journal.append(event(number)) == number + 1
            journal.sync()
    assert [line["event"] for line in logs] == ["journal_rotation_failed"]
    assert journal.last_seq == 10
    assert positions(journal) == [(number + 1, number) for number in range(10)]
    assert len(list(tmp_path.glob("*.journal"))) == 1

    assert journal.append(event(10)) == 11
    journal.sync()
    assert journal.append(event(11)) == 12

    assert len(list(tmp_path.glob("*.journal"))) == 2
    again = reopened(journal)
    assert positions(again) == [(number + 1, number) for number in range(12)]
    again.close()


def test_the_newest_records_are_read_without_the_rest(journal: Journal) -> None:
    journal.append_all(event(number) for number in range(30))

    assert [record.seq for record in journal.read_last(4)] == [27, 28, 29, 30]
    assert journal.read_last(0) == []
    assert len(journal.read_last(1000)) == 30


def test_a_listener_hears_of_each_write(journal: Journal) -> None:
    heard: list[int] = []
    journal.on_append(lambda: heard.append(journal.last_seq))

    journal.append(event(0))
    journal.append_all([event(1), event(2)])

    assert heard == [1, 3]


WRITER = """
import sys
from pathlib import Path
from tests.unit.contract.test_journal import event
from app.contract.journal import Journal
journal = Journal(Path(sys.argv[1]), segment_bytes=5000, fsync_interval_ms=5)
number = 0
while True:
    print(journal.append(event(number)), flush=True)
    number += 1
"""


def test_kill_9_loses_nothing_that_append_returned(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert writer.stdout is not None
    said = [int(next(writer.stdout)) for _ in range(500)]
    os.kill(writer.pid, signal.SIGKILL)
    said += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    writer.stdout.close()
    writer.wait()

    journal = Journal(tmp_path, fsync_interval_ms=0)

    assert [seq for seq, _ in positions(journal, limit=10**6)][: len(said)] == said
    assert journal.last_seq - said[-1] in (0, 1)
    journal.close()


def test_an_event_of_another_version_is_kept_for_the_store_to_judge(journal: Journal) -> None:
    ended = CallEvent.make(CallEnded(hangup_cause=16), node="n", occurred_at=MOMENT, uniqueid="u")
    journal.append(ended)

    [record] = journal.read_last(1)

    assert record.as_dict()["type"] == "CallEnded"


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_disk_that_does_not_sync_costs_no_descriptor_and_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, segment_bytes=700, fsync_interval_ms=3_600_000)
    before = open_files()

    def fails(_file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    for number in range(30):
        journal.append(event(number))
        with pytest.raises(OSError, match="Input/output error"):
            journal.sync()
    journal.append(event(30))
    for _ in range(2):  # the second time nothing is new, and it is still not on the disk
        with pytest.raises(OSError, match="Input/output error"):
            journal.sync()

    assert len(list(tmp_path.glob("*.journal"))) > 5
    assert open_files() == before
    monkeypatch.undo()
    journal.sync()
    journal.close()
    assert open_files() == before - 2


def test_a_journal_that_cannot_sync_at_its_end_lets_another_process_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, fsync_interval_ms=0)
    journal.append(event(0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        with pytest.raises(OSError, match="Input/output error"):
            journal.close()

    again = Journal(tmp_path, fsync_interval_ms=0)
    assert positions(again) == [(1, 0)]
    again.close()
