"""Everything that is spoken on this node: the flows' prompts, the site's own texts, the names of a plan's lines."""

from collections.abc import Collection, Sequence
from pathlib import Path

from app.cli.settings import StackSettings
from dialplan.line_prompts import line_prompts, name_prompts
from dialplan.site_plan import SitePlan
from ivr_flows.build import BuildReport, OnProgress, build_prompts
from ivr_flows.check import check_flows
from ivr_flows.prompts import SHIPPED, Prompt, PromptSource, load_all, site_source
from ivr_flows.voice import choose_voice
from ivr_flows.yaml_source import Problem


def prompt_sources(settings: StackSettings) -> tuple[PromptSource, ...]:
    """The shipped texts and recordings, and those of this installation, which replace them."""
    return SHIPPED, site_source(settings.home)


def every_prompt(plan: SitePlan, sources: Sequence[PromptSource] = (SHIPPED,)) -> list[Prompt]:
    """The prompts of all languages and those of the plan's lines. Raises PromptsInvalid."""
    named = {prompt.key: prompt for prompt in load_all(sources)}
    lines = [Prompt(one.name, one.text, one.spoken) for one in (*line_prompts(plan), *name_prompts(plan))]
    return [*named.values(), *(prompt for prompt in lines if prompt.key not in named)]


def speak_lines(
    plan: SitePlan, sounds: Path, settings: StackSettings | None = None, on_progress: OnProgress | None = None
) -> BuildReport:
    """Build what is missing or changed. Without settings: the shipped texts alone, and no cache.

    Raises OSError, PromptsInvalid.
    """
    if settings is None:
        return build_prompts(sounds, on_progress, prompts=every_prompt(plan))
    return build_prompts(
        sounds, on_progress, prompts=every_prompt(plan, prompt_sources(settings)),
        voice=choose_voice(settings.voice_command), cache=settings.prompt_cache,
    )  # fmt: skip


def find_problems(settings: StackSettings, *, queues: Collection[str] | None = None) -> list[Problem]:
    """What `hotline flows check` finds on this node; `queues` are those of a site plan."""
    voice = choose_voice(settings.voice_command)
    return check_flows(settings.sounds, sources=prompt_sources(settings), voice=voice, queues=queues)
