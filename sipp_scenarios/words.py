"""The words that scenario files share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ActorName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
TrunkName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
Spoken = Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]*|\{today\})$")]
"""A prompt, or today's date in prompts."""
LineNumber = Annotated[str, Field(pattern=r"^[0-9]{3,20}$")]
Process = Literal["redis", "asterisk", "agi", "bridge", "web", "facts", "worker"]
WITHIN_MS = 15_000


class Part(BaseModel):
    """A part of a scenario file. Unknown keys are refused: a typing error is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")
