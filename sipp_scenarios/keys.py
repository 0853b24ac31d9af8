"""When a caller presses keys: once the prompts before them have been spoken, however long they are on this stack."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ivr_flows import say
from ivr_flows.versions import SHANGHAI
from sipp_scenarios.cast import Player
from sipp_scenarios.target import TargetError
from sipp_scenarios.waiting import until

ALAW_BYTES_PER_SECOND = 8000
PRESSED = "pressed"
SPOKE = "spoke"
BEGINS_WITHIN_MS = 5_000
SPEAKS_WITHIN_MS = 10_000
KEY_SECONDS = 0.4
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
    prompts = [prompt for name in after for prompt in (today() if name == "{today}" else (name,))]
    spoken = sum(_seconds(sounds / f"{prompt}.alaw") for prompt in prompts)
    due_at = facts[-1].at + player.pressed * KEY_SECONDS + spoken + SLACK_SECONDS
    time.sleep(max(due_at - time.time(), 0))


def today() -> tuple[str, ...]:
    """Today's date, as flows say it."""
    return say.spoken("date", f"{datetime.now(SHANGHAI):%Y-%m-%d}")


def press(player: Player, keys: str) -> None:
    """Returns once the phone has begun to send them. Raises TooLate."""
    before = sum(fact.what == PRESSED for fact in player.facts())
    player.phone.cue(player.dialog(), keys=keys)
    until(
        lambda: player.has_seen(PRESSED, before + 1), what=f"{player.name} presses {keys}", within_ms=BEGINS_WITHIN_MS
    )
    player.pressed = len(keys)


def speak(player: Player) -> None:
    """Returns once the phone has said it. Raises TooLate."""
    before = sum(fact.what == SPOKE for fact in player.facts())
    player.phone.cue(speaks=True)
    until(lambda: player.has_seen(SPOKE, before + 1), what=f"{player.name} speaks", within_ms=SPEAKS_WITHIN_MS)
    player.pressed = 0


def _seconds(prompt: Path) -> float:
    try:
        return prompt.stat().st_size / ALAW_BYTES_PER_SECOND
    except OSError as error:
        raise TargetError(f"there is no prompt {prompt.stem} on this stack: run `hotline flows build`") from error
