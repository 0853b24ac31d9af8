"""What the bridge keeps on disk beside the journal: where it stands in queue_log, who is signed in, what it parked."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import structlog

from ami_bridge.knowledge import MemberKnowledge
from ami_bridge.log_tail import Checkpoint

log = structlog.get_logger(__name__)

Members = dict[tuple[str, str], MemberKnowledge]
PARKED_MAX_BYTES = 4 * 1024 * 1024


class StateFile:
    """One small JSON file, replaced as a whole. A lost or broken one costs time, not facts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "checkpoint.json"

    def load(self) -> tuple[Checkpoint | None, Members]:
        try:
            content = json.loads(self._path.read_text())
            checkpoint = Checkpoint(**content["queue_log"]) if content["queue_log"] else None
            members = {(queue, agent): MemberKnowledge(**rest) for queue, agent, rest in content["members"]}
        except FileNotFoundError:
            return None, {}
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.error("bridge_state_unreadable", error=str(error))
            return None, {}
        return checkpoint, members

    def save(self, checkpoint: Checkpoint | None, members: Members) -> None:
        content = {
            "queue_log": asdict(checkpoint) if checkpoint else None,
            "members": [[queue, agent, asdict(member)] for (queue, agent), member in members.items()],
        }
        interim = self._path.with_suffix(".new")
        interim.write_text(json.dumps(content))
        interim.replace(self._path)


class ParkingLot:
    """Events nobody could read: kept with their reason, counted, and bounded to two files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "parked.jsonl"
        self.count = 0

    def park(self, reason: str, content: object) -> None:
        self.count += 1
        log.error("event_parked", reason=reason, parked=self.count)
        try:
            if self._path.exists() and self._path.stat().st_size > PARKED_MAX_BYTES:
                self._path.replace(self._path.with_suffix(".jsonl.1"))
            with open(self._path, "a", opener=_private) as file:
                file.write(json.dumps({"reason": reason, "content": content}, ensure_ascii=False) + "\n")
        except OSError as error:
            log.error("parking_failed", error=str(error))


def _private(path: str, flags: int) -> int:
    """Callers' numbers stand in it."""
    return os.open(path, flags, 0o600)
