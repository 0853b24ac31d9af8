"""Where settings come from: the environment first, then one file, for every process alike."""

import os
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[2]


def runtime_home() -> Path:
    """Folder of everything the stack writes (HOTLINE_HOME, default .runtime in the project)."""
    return Path(os.environ.get("HOTLINE_HOME", PROJECT / ".runtime")).resolve()


class EnvSettings(BaseSettings):
    """Base of each process's settings. Frozen; a process names only what it needs, so it sees no other's secrets."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=runtime_home, description="folder of everything the stack writes at run time")
    node: str = Field(default="node1", pattern=r"^[a-z0-9][a-z0-9-]{0,30}$", description="name of this telephony node")

    def __init__(self, **values: Any) -> None:
        super().__init__(_env_file=runtime_home() / "hotline.env", **values)
