"""What the lint must know of call-backs and side doors (extensions_callback.conf.j2, extensions_doors.conf.j2)."""

CALLBACK_ENTRANCES = frozenset({"callback", "callback-citizen", "follow-up", "follow-up-citizen"})
"""Contexts at which the bridge originates the two halves of a call-back or follow-up; no call can dial them."""
CALLBACK_VARIABLES = frozenset(
    {
        "HL_LEVEL", "HL_NUMBER", "HL_PLACE_AT", "HL_SERVING", "HL_TALK", "HL_WAITING", "HL_WAITS_IN", "HL_WAIT_SECONDS",
        "HL_WRAP_UP",
    }
)  # fmt: skip
CALLBACK_PROMPTS = ("callback-greeting", "callback-unreached", "callback-whisper")
"""To the citizen; the other two to the agent."""
