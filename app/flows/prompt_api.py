"""JSON of prompts: their texts, their audio, and having it made. The pages use it too."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

from app.contract import flows as told
from app.flows.frame import ANSWERS, UNFIT, BuildId, Builds, Flows, Language, PromptName
from app.flows.prompt_service import AtWork, Changed, audio_file
from app.flows.schemas import BuildOut, NoteIn, PromptChangedOut, PromptTextIn
from app.operations.frame import Reader
from app.platform.http import SettingsDep

router = APIRouter(tags=["flows"])

Note = Annotated[str, Query(min_length=4, max_length=200, description="the reason")]
WAV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
    }
}
AUDIO: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}, "description": "8 kHz, 16 bit"},
    404: {"description": "It was not spoken yet"},
}


@router.get("/prompts", summary="List prompts")
def list_prompts(_actor: Reader, flows: Flows) -> told.PromptList:
    """Every text in every language, where it comes from, how its audio is, and which flows play it."""
    return flows.prompts()


@router.get("/prompts/{language}/{name}", summary="Read a prompt", responses=ANSWERS)
def read_prompt(language: Language, name: PromptName, _actor: Reader, flows: Flows) -> told.PromptDetail:
    """One text with what was changed of it, when, by whom and why."""
    return flows.prompt(f"{language}/{name}")


@router.get("/prompts/{language}/{name}/audio", responses=AUDIO, response_class=FileResponse, summary="Hear a prompt")
def hear_prompt(language: Language, name: PromptName, _actor: Reader, settings: SettingsDep) -> FileResponse:
    """As callers hear it."""
    return FileResponse(audio_file(settings.home, language, name), media_type="audio/wav")


@router.put("/prompts/{language}/{name}", summary="Change a text", responses={**ANSWERS, **UNFIT})
def reword_prompt(language: Language, name: PromptName, body: PromptTextIn, work: AtWork) -> PromptChangedOut:
    """Put another text in the prompt's place, or a prompt of this name beside the others; a worker speaks it.

    Callers hear the old audio until the new one is there.
    """
    return _changed(work.reword(f"{language}/{name}", body))


@router.post("/prompts/{language}/{name}/restore", summary="Restore a text", responses=ANSWERS)
def restore_prompt(language: Language, name: PromptName, body: NoteIn, work: AtWork) -> PromptChangedOut:
    """Back to the text that ships."""
    return _changed(work.restore_text(f"{language}/{name}", body.note))


@router.put(
    "/prompts/{language}/{name}/recording",
    openapi_extra=WAV,
    responses={**ANSWERS, **UNFIT},
    summary="Keep a recording",
)
async def keep_prompt_recording(
    request: Request, language: Language, name: PromptName, note: Note, work: AtWork
) -> PromptChangedOut:
    """A studio's WAV in the voice's place: 16 or 24 bit, 8 to 192 kHz, 0.2 to 180 s, loud enough, not clipped.

    422 `flow-unfit` says in `reason` what is wrong with it: no-audio, bad-rate, too-long, too-short, silent,
    too-quiet, clipped. At most 20 MiB.
    """
    wav = await request.body()
    return _changed(await run_in_threadpool(work.keep_recording, f"{language}/{name}", wav, note))


@router.delete("/prompts/{language}/{name}/recording", summary="Drop a recording", responses=ANSWERS)
def drop_prompt_recording(language: Language, name: PromptName, note: Note, work: AtWork) -> PromptChangedOut:
    """The voice speaks again."""
    return _changed(work.drop_recording(f"{language}/{name}", note))


@router.post("/prompt-builds", status_code=202, summary="Speak prompts")
def order_prompt_build(work: AtWork, builds: Builds) -> BuildOut:
    """Have a worker speak what is missing or older than its text. Read the build until it is over."""
    return BuildOut.of(builds.read(work.order_build().id))


@router.get("/prompt-builds/{build_id}", summary="Read a prompt build")
def read_prompt_build(build_id: BuildId, _actor: Reader, builds: Builds) -> BuildOut:
    """How many prompts were looked at, and its report once it is over."""
    return BuildOut.of(builds.read(build_id))


def _changed(made: Changed) -> PromptChangedOut:
    detail, build = made
    return PromptChangedOut(**detail.model_dump(), build=build.id)
