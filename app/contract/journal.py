"""The journal: every event lies on this disk before it is sent, and until the store has it (ADR 0040).

Segment files of lines (`records.py`), one writer. `append` writes at once, so kill -9 loses nothing; fsync follows
within `fsync_interval_ms`, which bounds what a power failure takes. Thread-safe.
"""

import fcntl
import os
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import structlog

from app.contract.events import CallEvent
from app.contract.records import JournalRecord, decode_record, encode_record
from app.contract.segments import Place, Segment, find_segments

log = structlog.get_logger(__name__)

MIB = 1024 * 1024
ALARM_AT = 0.8


class JournalLocked(Exception):
    """Another process writes this journal. Stop it first, or give this process a folder of its own."""


class Journal:
    """Append-only, bounded, survives kill -9 and a torn last record.

    When `max_bytes` is reached the oldest acknowledged segments go first. If everything left is unacknowledged, the
    oldest goes all the same, with an error in the log (`journal_dropped_unsent`): the facts of the calls that ring
    now matter more than the oldest ones, and queue_log still has those. From 80 % on it warns (`journal_filling`).
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = 8 * MIB,
        max_bytes: int = 1024 * MIB,
        fsync_interval_ms: int = 200,
    ) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._fsync_interval_seconds = fsync_interval_ms / 1000
        self._mutex = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        self._place = Place(0, 0, 0)
        self._reported: set[tuple[int, int]] = set()
        self._has_warned = False
        self._has_failed_to_rotate = False
        self.dropped_segments = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._lock_file = self._take_lock()
        self.acknowledged_seq = self._load_acknowledged()
        self._segments = find_segments(folder)
        self.last_seq = self.acknowledged_seq
        self._recover()
        self._file = self._segments[-1].open()
        self._unsynced: set[int] = set()
        self._retired: list[int] = []
        self._stop = threading.Event()
        self._syncer = threading.Thread(target=self._sync_from_time_to_time, name="journal-sync", daemon=True)
        if fsync_interval_ms:
            self._syncer.start()

    # writing

    def append(self, event: CallEvent) -> int:
        """Keep one event; returns its `seq`. Raises OSError (disk full): nothing was kept then."""
        return self.append_all((event,))

    def append_all(self, events: Iterable[CallEvent]) -> int:
        """Keep several with one write, all or none; returns the last `seq`. Raises OSError (disk full)."""
        with self._mutex:
            seq = self.last_seq
            lines = []
            for event in events:
                seq += 1
                lines.append(encode_record(seq, event.__pydantic_serializer__.to_json(event)))
            if not lines:
                return seq
            self._write(b"".join(lines))
            self.last_seq = seq
            if self._segments[-1].size >= self._segment_bytes:
                self._rotate()
        for listener in self._listeners:
            listener()
        return seq

    def acknowledge(self, seq: int) -> None:
        """The store has everything up to `seq`. Kept on disk; never goes back."""
        with self._mutex:
            if seq <= self.acknowledged_seq:
                return
            self.acknowledged_seq = seq
            interim = self.folder / "acknowledged.new"
            interim.write_text(f"{seq}\n")
            interim.replace(self.folder / "acknowledged")

    def go_on_after(self, seq: int) -> None:
        """Give no `seq` up to this one again: the store knows them, from a journal that was lost."""
        with self._mutex:
            self.last_seq = max(self.last_seq, seq)

    def on_append(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each write, in the writer's thread. It must be quick and must not raise."""
        self._listeners.append(listener)

    # reading

    def read_after(self, seq: int, limit: int) -> list[JournalRecord]:
        """Up to `limit` records behind `seq`, in order. Damaged ones are left out and reported once."""
        found: list[JournalRecord] = []
        with self._mutex:
            place = self._place if self._place.seq == seq else self._locate(seq)
            index = place.segment
            if not 0 <= index < len(self._segments) or self._segments[index].first_seq > seq + 1:
                place, index = Place(seq, 0, 0), 0
            start = place.offset
            while index < len(self._segments) and len(found) < limit:
                for record, offset in self._read_segment(self._segments[index], start):
                    start = offset
                    if record.seq > seq:
                        found.append(record)
                        if len(found) == limit:
                            break
                if len(found) < limit and index < len(self._segments) - 1:
                    index, start = index + 1, 0
                    continue
                break
            self._place = Place(found[-1].seq if found else seq, index, start)
        return found

    def read_last(self, limit: int) -> list[JournalRecord]:
        """The newest `limit` records, in order: what a restarted sender rebuilds its knowledge from."""
        newest: list[JournalRecord] = []
        with self._mutex:
            for segment in reversed(self._segments):
                newest = [record for record, _ in self._read_segment(segment, 0)] + newest
                if len(newest) >= limit:
                    break
        return newest[-limit:] if limit else []

    @property
    def size_bytes(self) -> int:
        return sum(segment.size for segment in self._segments)

    # life

    def sync(self) -> None:
        """Everything written so far is on the disk. Raises OSError; what goes on being written is tried again."""
        with self._mutex:
            pending, retired = set(self._unsynced), self._retired
            self._unsynced, self._retired = set(), []
        failed: dict[int, OSError] = {}
        for step, files in ((os.fsync, pending), (os.close, retired)):
            for file in files:
                try:
                    step(file)
                except OSError as error:
                    failed[file] = error
        with self._mutex:
            self._unsynced |= failed.keys() - set(retired)
        if failed:
            raise next(iter(failed.values()))

    def close(self) -> None:
        """Sync and let another process write. Idempotent."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._syncer.is_alive():
            self._syncer.join()
        try:
            self.sync()
        finally:
            os.close(self._file)
            os.close(self._lock_file)

    # inside

    def _take_lock(self) -> int:
        file = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise JournalLocked(f"{self.folder} is written by another process") from error
        return file

    def _load_acknowledged(self) -> int:
        try:
            return int((self.folder / "acknowledged").read_text())
        except (OSError, ValueError):
            return 0  # sending twice is harmless

    def _recover(self) -> None:
        """Cut a torn tail, find the last `seq`, open a first segment where there is none."""
        if not self._segments:
            self._segments.append(Segment.starting_at(self.last_seq + 1, self.folder))
            return
        last = self._segments[-1]
        whole, seq = 0, last.first_seq - 1
        with last.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    log.warning("journal_torn_tail_cut", segment=last.path.name, offset=whole, bytes=len(line))
                    break
                record = decode_record(line)
                seq = record.seq if record else seq + 1
                whole += len(line)
        if whole < last.size:
            os.truncate(last.path, whole)
            last.size = whole
        self.last_seq = max(self.last_seq, seq)

    def _write(self, data: bytes) -> None:
        segment = self._segments[-1]
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, memoryview(data)[written:])
        except OSError:
            os.ftruncate(self._file, segment.size)
            raise
        segment.size += written
        self._unsynced.add(self._file)

    def _rotate(self) -> None:
        """Go on in a new segment. Where it cannot be opened, the old one goes on and the next append tries again."""
        segment = Segment.starting_at(self.last_seq + 1, self.folder)
        try:
            file = segment.open()
        except OSError as error:
            if not self._has_failed_to_rotate:
                log.error("journal_rotation_failed", segment=segment.path.name, error=str(error))
            self._has_failed_to_rotate = True
            return
        self._has_failed_to_rotate = False
        self._retired.append(self._file)
        self._segments.append(segment)
        self._file = file
        try:
            if not self._fsync_interval_seconds:
                self.sync()
            self._keep_bounds()
        except OSError as error:  # what was appended is kept all the same
            log.error("journal_tidying_failed", error=str(error))

    def _keep_bounds(self) -> None:
        total = self.size_bytes
        while total > self._max_bytes and len(self._segments) > 1:
            oldest = self._segments.pop(0)
            if self._segments[0].first_seq - 1 > self.acknowledged_seq:
                self.dropped_segments += 1
                log.error("journal_dropped_unsent", segment=oldest.path.name, bytes=oldest.size)
            total -= oldest.size
            self._place = Place(-1, 0, 0)
            oldest.path.unlink(missing_ok=True)
        unsent = sum(s.size for s in self._segments[self._locate(self.acknowledged_seq).segment :])
        is_filling = unsent > self._max_bytes * ALARM_AT
        if is_filling and not self._has_warned:
            log.error("journal_filling", unsent_bytes=unsent, max_bytes=self._max_bytes)
        self._has_warned = is_filling

    def _locate(self, seq: int) -> Place:
        index = bisect_right([segment.first_seq for segment in self._segments], seq + 1) - 1
        return Place(seq, max(index, 0), 0)

    def _read_segment(self, segment: Segment, start: int) -> Iterator[tuple[JournalRecord, int]]:
        """Records and the offset behind each."""
        with segment.path.open("rb") as file:
            file.seek(start)
            offset = start
            for line in file:
                if not line.endswith(b"\n"):
                    return
                record = decode_record(line)
                if record is None and (segment.first_seq, offset) not in self._reported:
                    self._reported.add((segment.first_seq, offset))
                    log.error("journal_record_damaged", segment=segment.path.name, offset=offset, bytes=len(line))
                offset += len(line)
                if record is not None:
                    yield record, offset

    def _sync_from_time_to_time(self) -> None:
        while not self._stop.wait(self._fsync_interval_seconds):
            try:
                self.sync()
            except OSError as error:
                log.error("journal_sync_failed", error=str(error))
