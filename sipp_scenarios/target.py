"""The stack a scenario runs against: addresses, the seats' secret, the demo's people."""

import hmac
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, SecretStr

from app.contract.env import EnvSettings

TRUNK_ADDRESS = "127.0.0.2"
"""Where callers come from: the site plans know this address as the carrier."""
SEAT_ADDRESS = "127.0.0.1"


class TargetError(Exception):
    """The stack cannot be used for scenarios as it is; the message says what to do."""


@dataclass(frozen=True)
class Person:
    """Somebody who may log in to the stack."""

    username: str
    password: str
    role: str
    seat: str = ""


class Target(EnvSettings):
    """Read from the environment and `$HOTLINE_HOME/hotline.env`, like every process of the stack."""

    sip_host: str = Field(default="127.0.0.1", description="address SIP and RTP are bound to")
    sip_port: int = Field(default=5060, ge=1, le=65535, description="SIP over UDP")
    web_url: str = Field(default="http://127.0.0.1:8012", description="where pages and API are")
    agi_host: str = Field(default="127.0.0.1", description="address of the FastAGI server")
    agi_port: int = Field(default=4573, ge=1, le=65535, description="port of the FastAGI server")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in the home folder")
    seat_secret: SecretStr = Field(description="key of the seats' SIP passwords")
    allow_faults: bool = Field(default=False, description="scenarios may stop and kill parts of this stack")

    @property
    def sip_address(self) -> str:
        return f"{self.sip_host}:{self.sip_port}"

    @property
    def asterisk_home(self) -> Path:
        return self.home / "asterisk"

    @property
    def prompts(self) -> Path:
        """Audio of the Mandarin prompts."""
        return self.asterisk_home / "data" / "sounds" / "zh" / "hotline"

    @property
    def runs_folder(self) -> Path:
        """Traces of past runs, one folder per run."""
        return self.home / "scenarios"

    @property
    def sqlite_file(self) -> Path | None:
        """The case store's SQLite file; None on PostgreSQL."""
        if not self.database_url:
            return self.home / "hotline.db"
        prefix, _, path = self.database_url.partition(":///")
        return Path(path) if prefix.startswith("sqlite") else None

    def seat_password(self, seat: str) -> str:
        """SIP password of a seat: first 32 hex digits of HMAC-SHA256(SEAT_SECRET, seat)."""
        key = self.seat_secret.get_secret_value().encode()
        return hmac.new(key, seat.encode(), "sha256").hexdigest()[:32]

    def people(self) -> list[Person]:
        """Demo users, in the order of the file. Raises TargetError when there is no usable file."""
        path = self.home / "demo-users.json"
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
            rows = rows["users"] if isinstance(rows, dict) else rows
            return [Person(row["username"], row["password"], row["role"], row.get("seat") or "") for row in rows]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TargetError(f"{path.name} is not usable ({type(error).__name__}): run `hotline setup`") from error
