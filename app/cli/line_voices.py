"""Everything that is spoken on this node: the flows' prompts, the site's own texts, the names of a plan's lines."""

from collections.abc import Collection, Sequence
from pathlib import Path

from app.cli.settings import StackSettings
from dialplan.changes.wanted import wanted_plan_file
from dialplan.line_prompts import line_prompts, name_prompts
from dialplan.plan_file import SitePlanFault, load_plan
from dialplan.site_plan import SitePlan
from ivr_flows.build import BuildReport, OnProgress, build_prompts
from ivr_flows.check import check_flows
from ivr_flows.prompts import SHIPPED, Prompt, PromptSource, load_all, site_source
from ivr_flows.voice import choose_voice
from ivr_flows.yaml_source import Problem


def prompt_sources(settings: StackSettings) -> tuple[PromptSource, ...]:
    """The shipped texts and recordings, and those of this installation, which replace them."""
    return SHIPPED, site_source(settings.home)


def prompts_of_lines(plan: SitePlan) -> list[Prompt]:
    """What is spoken of each line of a plan, its own name among it (P27)."""
    named = [Prompt(one.name, one.text, one.spoken, source="P27") for one in name_prompts(plan)]
    return [*named, *(Prompt(one.name, one.text, one.spoken) for one in line_prompts(plan))]


def every_prompt(plan: SitePlan, sources: Sequence[PromptSource] = (SHIPPED,)) -> list[Prompt]:
    """The prompts of all languages and those of the plan's lines. Raises PromptsInvalid."""
    return load_all(sources, base=prompts_of_lines(plan))


def planned_lines(settings: StackSettings) -> list[Prompt]:
    """Those of the plan that this node has, or is to have next; none where it cannot be read."""
    try:
        return prompts_of_lines(load_plan(wanted_plan_file(settings.home, settings.site_plan)))
    except (SitePlanFault, OSError):
        return []


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


def find_problems(
    settings: StackSettings, *, queues: Collection[str] | None = None, lines: Sequence[Prompt] = ()
) -> list[Problem]:
    """What `hotline flows check` finds on this node; `queues`: those of a site plan, `lines`: what it says of lines."""
    voice = choose_voice(settings.voice_command)
    return check_flows(settings.sounds, sources=prompt_sources(settings), voice=voice, queues=queues, lines=lines)
