"""A prompt over the API: another text, a studio's recording that is fit or not, its audio heard by a browser."""

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry
from app.flows.jobs import build_prompts
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from tests.integration.flows.conftest import LogIn

pytestmark = [pytest.mark.services, pytest.mark.parametrize("engine", ["sqlite"], indirect=True)]

GREETING = "/api/v1/prompts/zh/greeting"
NOTE = "按市里通知改名"


def tone(*, seconds: float = 2.0, loudness: float = 0.1, rate_hz: int = 48_000) -> bytes:
    """A WAV of a studio, as loud as this share of full scale."""
    turns = np.arange(int(rate_hz * seconds)) * 440 / rate_hz
    samples = np.clip(np.rint(np.sin(2 * np.pi * turns) * loudness * 32767), -32768, 32767).astype(np.int16)
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return kept.getvalue()


def upload(client: TestClient, headers: dict[str, str], wav: bytes, key: str = "zh/greeting") -> Any:
    headers = {**headers, "Content-Type": "audio/wav"}
    return client.put(f"/api/v1/prompts/{key}/recording", params={"note": NOTE}, headers=headers, content=wav)


def test_another_text_is_kept_spoken_and_heard(
    client: TestClient, log_in: LogIn, settings: Settings, database: Database
) -> None:
    headers = log_in()
    assert client.get(f"{GREETING}/audio").status_code == 404

    changed = client.put(GREETING, headers=headers, json={"text": "您好，请讲。", "note": NOTE})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["prompt"]["origin"], changed.json()["prompt"]["state"]) == ("page", "missing")
    build = changed.json()["build"]
    assert client.get(f"/api/v1/prompt-builds/{build}").json()["state"] == "waiting"
    build_prompts(JobContext(settings, database, utc_now), build)

    told = client.get(f"/api/v1/prompt-builds/{build}").json()
    assert (told["is_over"], told["report"]["failed"]) == (True, {})
    heard = client.get(f"{GREETING}/audio")
    with wave.open(io.BytesIO(heard.content)) as audio:
        assert (audio.getframerate(), audio.getsampwidth()) == (8000, 2)
    assert client.get(GREETING).json()["prompt"]["state"] == "ready"
    restored = client.post(f"{GREETING}/restore", headers=headers, json={"note": "还用原来的"})
    assert (restored.json()["prompt"]["origin"], restored.json()["prompt"]["state"]) == ("shipped", "stale")
    with database.reading() as session:
        actions = [row.action for row in session.scalars(select(AuditEntry)) if row.object_id == "zh/greeting"]
    assert actions == ["prompt_reworded", "prompt_restored"]


def test_a_recording_that_is_fit_takes_the_voices_place(
    client: TestClient, log_in: LogIn, settings: Settings, database: Database
) -> None:
    headers = log_in()

    kept = upload(client, headers, tone())
    assert kept.status_code == 200, kept.text
    assert kept.json()["prompt"]["is_recorded"]
    assert (settings.home / "prompts/recordings/zh/greeting.wav").read_bytes() == tone()
    dropped = client.delete(f"{GREETING}/recording", params={"note": "录错了一个字"}, headers=headers)

    assert not dropped.json()["prompt"]["is_recorded"]
    assert [one["what"] for one in dropped.json()["history"]] == ["voice", "recording"]


@pytest.mark.parametrize(
    ("wav", "reason"),
    [
        (b"", "no-audio"),
        (b"this is no audio" * 100, "no-audio"),
        (tone(seconds=0.1), "too-short"),
        (tone(seconds=181, rate_hz=8000), "too-long"),
        (tone(loudness=0.0), "silent"),
        (tone(loudness=0.002), "too-quiet"),
        (tone(loudness=2.0), "clipped"),
        (tone(rate_hz=4000), "bad-rate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_recording_that_is_not_fit_is_refused_with_its_reason(
    client: TestClient, log_in: LogIn, settings: Settings, wav: bytes, reason: str
) -> None:
    refused = upload(client, log_in(), wav)

    assert (refused.status_code, refused.json()["reason"]) == (422, reason), refused.text
    assert not (settings.home / "prompts/recordings").exists()


def test_a_file_that_is_far_too_large_is_refused_before_it_is_read(client: TestClient, log_in: LogIn) -> None:
    headers = log_in()

    assert upload(client, headers, b"\0" * (21 * 1024 * 1024)).status_code == 413
    assert upload(client, headers, tone(), key="zh/nobody").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "请按1", "note": NOTE}, 422),
        ({"text": "请按一", "spoken": "请按1", "note": NOTE}, 422),
        ({"text": "", "note": NOTE}, 422),
        ({"text": "一\u0000二", "note": NOTE}, 422),
        ({"text": "<b>一</b>", "note": NOTE}, 422),
        ({"text": "您好", "note": "改"}, 422),
    ],
)
def test_a_text_that_cannot_be_spoken_is_refused(
    client: TestClient, log_in: LogIn, body: dict[str, str], status: int
) -> None:
    assert client.put(GREETING, headers=log_in(), json=body).status_code == status


@pytest.mark.parametrize("name", ["..%2f..%2fhotline", "%2e%2e", "greeting.wav", "GREETING", "a" * 41])
def test_no_name_leads_out_of_the_folder_of_sounds(
    client: TestClient, log_in: LogIn, settings: Settings, name: str
) -> None:
    log_in()
    outside = settings.home / "asterisk/data/sounds/zh/hotline.wav"
    outside.parent.mkdir(parents=True)
    outside.write_bytes(tone())
    (outside.parent / "hotline").mkdir()
    (outside.parent / "hotline/linked.wav").symlink_to(outside)

    assert client.get(f"/api/v1/prompts/zh/{name}/audio").status_code in {404, 422}
    assert client.get("/api/v1/prompts/zh/linked/audio").status_code == 404
    assert client.get("/api/v1/prompts/fr/greeting/audio").status_code == 422


def test_without_a_token_of_the_session_nothing_is_changed(client: TestClient, log_in: LogIn, tmp_path: Path) -> None:
    log_in()

    assert client.put(GREETING, json={"text": "您好", "note": NOTE}).status_code == 403
    assert not (tmp_path / "prompts").exists()
