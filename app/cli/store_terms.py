"""What commands need of the case store's settings to keep facts: no secrets, so they run before set-up's are read."""

from typing import TYPE_CHECKING

from pydantic import Field

from app.cli.dialplan_node import whoami
from app.contract.env import EnvSettings

if TYPE_CHECKING:
    from app.accounts.auth import Actor
    from app.ingest.effects import Terms


class _FactSettings(EnvSettings):
    region_code: str = Field(default="410400", pattern=r"^\d{6}$")
    area_code: str = Field(default="0375", pattern=r"^0\d{2,3}$")
    wrap_up_seconds: int = Field(default=5, ge=0, le=600)


def terms() -> "Terms":
    """What the platform's settings decide about facts."""
    from app.ingest.effects import Terms  # noqa: PLC0415 - help is instant

    found = _FactSettings()
    return Terms(found.region_code, found.area_code, found.wrap_up_seconds)


def operator() -> "Actor":
    """Who sits at this terminal, for the audit log."""
    from app.accounts.auth import Actor  # noqa: PLC0415

    return Actor(name=whoami()[:80], display_name="hotline")
