"""Use cases of prompts: other words, a recording, having them spoken. Each leaves an entry in the audit log."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.contract import flows as told
from app.flows.builds import BuildFolder, BuildRequest
from app.flows.commands import FlowCommands
from app.flows.frame import Builds, Flows
from app.flows.jobs import build_prompts
from app.flows.schemas import PromptTextIn
from app.operations.frame import Operator
from app.operations.service import clean_reason
from app.platform.errors import NotFound
from app.platform.http import ClockDep, Writing
from app.platform.job_queue import enqueue

SOUNDS = Path("asterisk", "data", "sounds")
"""Below the home folder; where prompts are built for Asterisk, FOLDER/hotline/NAME.wav."""
Changed = tuple[told.PromptDetail, BuildRequest]
"""The prompt as it is now, and what will speak it."""


@dataclass(frozen=True)
class Workshop:
    """Who changes prompts, where and when. Every change raises ReasonMissing, FlowRefused, FlowCommandFailed."""

    session: Session
    commands: FlowCommands
    builds: BuildFolder
    actor: Actor
    now: datetime

    def reword(self, key: str, body: PromptTextIn) -> Changed:
        """Another text, or a prompt of one's own beside the others."""
        note = clean_reason(body.note)
        changed = self.commands.reword(
            key, text=body.text, spoken=body.spoken, is_slow=body.is_slow, note=note, by=self.actor.name
        )
        return self._record("prompt_reworded", key, changed, why=note, text=body.text)

    def restore_text(self, key: str, note: str) -> Changed:
        """Back to the text that ships. A prompt of one's own is gone then: FlowNotFound."""
        note = clean_reason(note)
        return self._record(
            "prompt_restored", key, self.commands.restore_text(key, note=note, by=self.actor.name), why=note
        )

    def keep_recording(self, key: str, wav: bytes, note: str) -> Changed:
        """A studio's recording in the voice's place, if it is fit."""
        note = clean_reason(note)
        return self._record(
            "recording_kept", key, self.commands.keep_recording(key, wav, note=note, by=self.actor.name), why=note
        )

    def drop_recording(self, key: str, note: str) -> Changed:
        """The voice speaks again."""
        note = clean_reason(note)
        return self._record(
            "recording_dropped", key, self.commands.drop_recording(key, note=note, by=self.actor.name), why=note
        )

    def order_build(self) -> BuildRequest:
        """Have everything spoken that is missing or stale."""
        request = self._have_built()
        audit.record(
            self.session, self.actor, "prompts_built", at=self.now, object_type="prompt", detail={"run": request.id}
        )
        return request

    def _record(self, action: str, key: str, changed: told.PromptDetail, **detail: Any) -> Changed:
        audit.record(
            self.session, self.actor, action, at=self.now, object_type="prompt", object_id=key, detail=detail
        )  # fmt: skip
        return changed, self._have_built()

    def _have_built(self) -> BuildRequest:
        request = self.builds.add(by=self.actor.name)
        enqueue(self.session, build_prompts, request.id)
        return request


def open_workshop(actor: Operator, session: Writing, flows: Flows, builds: Builds, clock: ClockDep) -> Workshop:
    return Workshop(session, flows, builds, actor, clock())


AtWork = Annotated[Workshop, Depends(open_workshop)]


def audio_file(home: Path, language: str, name: str) -> Path:
    """The built audio of a prompt; never a way out of its folder. NotFound."""
    folder = (home / SOUNDS / told.SOUND_FOLDERS[language] / "hotline").resolve()
    file = (folder / f"{name}.wav").resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise NotFound("这条提示音还没有生成语音")
    return file
