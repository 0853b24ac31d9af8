"""The prompts of a site plan's lines, as the prompt builder takes them: dialplan names them, ivr_flows speaks them."""

from pathlib import Path

from dialplan.line_prompts import line_prompts
from dialplan.site_plan import SitePlan
from ivr_flows.build import BuildReport, build_prompts
from ivr_flows.prompts import Prompt, load_prompts


def every_prompt(plan: SitePlan) -> dict[str, Prompt]:
    """The flows' prompts and those of the plan's lines, by name. Raises PromptsInvalid."""
    return load_prompts() | {one.name: Prompt(one.name, one.text, one.spoken) for one in line_prompts(plan)}


def speak_lines(plan: SitePlan, sounds: Path) -> BuildReport:
    """Build what is missing or changed before a plan with new lines is applied. Raises OSError, PromptsInvalid."""
    return build_prompts(sounds, prompts=every_prompt(plan))
