"""When a caller presses keys: once the prompts before them have been spoken, however long they are on this stack."""

import time
from collections.abc import Sequence
from pathlib import Path

from sipp_scenarios.cast import Player
from sipp_scenarios.target import TargetError

ALAW_BYTES_PER_SECOND = 8000
KEY_SECONDS = 0.3
"""How long SIPp takes for one key."""
SLACK_SECONDS = 0.7
"""Between prompts Asterisk and the flow need a moment; all questions wait several seconds for a key."""


def wait_for_turn(player: Player, after: Sequence[str], sounds: Path) -> None:
    """Until these prompts have been spoken to the caller, counted from what his phone saw last.

    `sounds` is the folder of the prompts' audio. Raises TargetError when the call was not answered, or a prompt is not
    there.
    """
    facts = player.facts()
    if not facts:
        raise TargetError(f"{player.name}'s call was not answered: await that before keys are pressed")
    spoken = sum(_seconds(sounds / f"{prompt}.alaw") for prompt in after)
    due_at = facts[-1].at + player.pressed * KEY_SECONDS + spoken + SLACK_SECONDS
    time.sleep(max(due_at - time.time(), 0))


def _seconds(prompt: Path) -> float:
    try:
        return prompt.stat().st_size / ALAW_BYTES_PER_SECOND
    except OSError as error:
        raise TargetError(f"there is no prompt {prompt.stem} on this stack: run `hotline flows build`") from error
