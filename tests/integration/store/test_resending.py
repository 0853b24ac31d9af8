"""`hotline events resend` and what `hotline status` says of facts that were not kept."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.cli.console import StepFailed
from app.cli.main import app
from app.contract.events import EventBatch
from app.contract.records import JournalRecord
from app.contract.set_aside import SetAside
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database
from tests.fakes.recording_store import RecordingStore
from tests.fakes.store_server import store_server

pytestmark = pytest.mark.services

MOMENT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def store() -> RecordingStore:
    return RecordingStore()


@pytest.fixture
def node(tmp_path: Path, store: RecordingStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A node whose senders have had three facts refused."""
    for folder, seqs in (("agi", (4,)), ("ami", (7, 9))):
        (tmp_path / "journal" / folder).mkdir(parents=True)
        for seq in seqs:
            event = json.dumps({"event_id": f"{folder}-{seq}"}).encode()
            SetAside(tmp_path / "journal" / folder).add(JournalRecord(seq, event), "422: unknown type")
    (tmp_path / "journal" / "agi2").mkdir()
    with store_server(store) as url:
        for name, value in (("HOME", str(tmp_path)), ("FACTS_URL", url), ("AGI_TOKEN", "a"), ("BRIDGE_TOKEN", "b")):
            monkeypatch.setenv(f"HOTLINE_{name}", value)
        yield tmp_path


def hotline(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, StepFailed):
        return 1, str(result.exception)
    return result.exit_code, result.stdout


def test_what_was_refused_is_listed_sent_again_and_gone(node: Path, store: RecordingStore) -> None:
    code, listed = hotline("events", "resend", "--list", "--json")
    assert (code, [(row["sender"], row["seq"]) for row in json.loads(listed)]) == (
        0, [("node1.agi", 4), ("node1.ami", 7), ("node1.ami", 9)],
    )  # fmt: skip
    assert store.events == []

    assert hotline("events", "resend") == (0, "node1.agi: 1 kept, 0 stay\nnode1.ami: 2 kept, 0 stay\n")

    assert [event["event_id"] for event in store.events] == ["agi-4", "ami-7", "ami-9"]
    assert hotline("events", "resend") == (0, "nothing was set aside\n")


def test_the_exit_code_says_that_one_stays(node: Path, store: RecordingStore) -> None:
    store.refuses = lambda event: event["event_id"] == "ami-7"

    code, told = hotline("events", "resend", "--json")

    assert (code, json.loads(told)["node1.ami"]["left"]) == (1, [{"seq": 7, "reason": "422: no"}])
    assert json.loads(hotline("events", "resend", "--list", "--json")[1])[0]["seq"] == 7


@pytest.mark.parametrize(("status", "said"), [(401, "rejects its token"), (503, "does not take facts now")])
def test_a_store_that_takes_nothing_now_leaves_everything_where_it_is(
    node: Path, store: RecordingStore, status: int, said: str
) -> None:
    store.failures = [status]

    assert said in hotline("events", "resend")[1]

    assert len(json.loads(hotline("events", "resend", "--list", "--json")[1])) == 3


def test_status_warns_of_facts_that_were_not_kept(
    node: Path, engine: Engine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    with database.transaction() as session:
        store_batch(session, EventBatch(node="node1.ami", events=[{"event_id": "x"}]), Terms(), MOMENT)

    warnings = {one["check"]: one for one in json.loads(hotline("status", "--json")[1])["warnings"]}

    told = "1 are parked in the store; 3 lie refused beside the journals of node1.agi, node1.ami"
    assert warnings["call facts"]["message"] == told
