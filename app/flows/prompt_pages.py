"""Pages of prompts: the list, one text with its audio and its history, and how far the speaking is."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.accounts.service import display_names
from app.contract.flows import PromptSummary
from app.flows.frame import BuildId, Builds, Flows, Language, PromptName
from app.operations.frame import TABS, Reader
from app.platform.http import Reading
from app.platform.pages import render

router = APIRouter(prefix="/operations/prompts", include_in_schema=False)

WORD = "say-"
LANGUAGES = (("zh", "普通话"), ("en", "英语"))


@router.get("")
def show_prompts(
    *,
    request: Request,
    _actor: Reader,
    flows: Flows,
    language: Annotated[str, Query(pattern="^(zh|en)$")] = "zh",
    view: Annotated[str, Query(pattern="^(sentences|words|trouble)$")] = "sentences",
    text: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    """The sentences of a language, the words that numbers are made of, or what somebody should look at."""
    of_language = [one for one in flows.prompts().prompts if one.language == language]
    wanted = [one for one in of_language if text.lower() in f"{one.name} {one.text}".lower()]
    views = {
        "sentences": [one for one in wanted if not one.name.startswith(WORD)],
        "words": [one for one in wanted if one.name.startswith(WORD)],
        "trouble": [one for one in wanted if one.state != "ready"],
    }
    return _page(
        request, "prompt_list.html", prompts=views[view], counts={name: len(some) for name, some in views.items()},
        view=view, language=language, languages=LANGUAGES, text=text, unready=_unready(of_language),
    )  # fmt: skip


@router.get("/builds/{build_id}")
def show_build(request: Request, build_id: BuildId, _actor: Reader, builds: Builds) -> HTMLResponse:
    """Part: how far the speaking is; asks for itself again until it is over. NotFound."""
    request.state.renews_session = False
    build = builds.read(build_id)
    headers = {"HX-Trigger": "prompts-built"} if build.is_over else {}
    return render(request, "flows/build.html", headers=headers, build=build)


@router.get("/{language}/{name}")
def show_prompt(
    *, request: Request, language: Language, name: PromptName, actor: Reader, session: Reading, flows: Flows,
    build: Annotated[str, Query(pattern="^([0-9a-f]{16})?$")] = "",
) -> HTMLResponse:  # fmt: skip
    """One text: what is said, how it sounds, who changed it. FlowNotFound."""
    detail = flows.prompt(f"{language}/{name}")
    return _page(
        request, "prompt_detail.html", detail=detail, prompt=detail.prompt, actor=actor, build_id=build,
        languages=dict(LANGUAGES), names=display_names(session),
    )  # fmt: skip


def _unready(prompts: Sequence[PromptSummary]) -> int:
    return sum(one.state in {"missing", "stale"} for one in prompts)


def _page(request: Request, name: str, **context: Any) -> HTMLResponse:
    return render(request, f"flows/{name}", tab="prompts", tabs=TABS, **context)
