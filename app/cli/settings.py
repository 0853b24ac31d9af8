"""Settings of the stack as a whole: the ports everybody agrees on. Only the CLI sees them all."""

import tempfile
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from pydantic import Field, SecretStr

from app.contract.env import PROJECT, EnvSettings

MAX_SOCKET_PATH = 90
"""A Unix socket's path ends at 107 bytes, and supervisord binds to a longer name first."""


class StackSettings(EnvSettings):
    """What `hotline setup`, `up`, `status` and `doctor` need to know. Every port has the demo's default."""

    asterisk_root: Path = Field(
        default=Path(""),
        description="root file system with Asterisk; empty: asterisk-root in the home folder; /: the system's own",
    )
    site_plan: Path = Field(default=PROJECT / "dialplan/sites/demo.yaml", description="trunks, queues, seats, numbers")
    sip_host: str = Field(default="127.0.0.1", description="address SIP and RTP are bound to")
    sip_port: int = Field(default=5060, ge=1, le=65535, description="SIP over UDP")
    rtp_start: int = Field(default=10000, ge=1024, le=65535, description="first RTP port")
    rtp_end: int = Field(default=10999, ge=1024, le=65535, description="last RTP port")
    ami_host: str = Field(default="127.0.0.1", description="address of Asterisk's manager interface")
    ami_port: int = Field(default=5038, ge=1, le=65535, description="port of Asterisk's manager interface")
    agi_host: str = Field(default="127.0.0.1", description="address the FastAGI server listens on")
    agi_port: int = Field(default=4573, ge=1, le=65535, description="port of the FastAGI server")
    web_host: str = Field(default="127.0.0.1", description="address the web server listens on")
    web_port: int = Field(default=8012, ge=1, le=65535, description="port of pages and API")
    facts_host: str = Field(default="127.0.0.1", description="address the door for call facts listens on")
    facts_port: int = Field(default=8014, ge=1, le=65535, description="port of the door for call facts")
    bridge_host: str = Field(default="127.0.0.1", description="address of the bridge's command door")
    bridge_port: int = Field(default=8013, ge=1, le=65535, description="port of the bridge's command door")
    redis_port: int = Field(default=6390, ge=1, le=65535, description="port of the stack's own Redis")
    redis_password: SecretStr = Field(default=SecretStr(""), description="password of the stack's own Redis")
    redis_url: SecretStr = Field(default=SecretStr(""), description="Redis for topics and the job queue")
    web_url: str = Field(default="", description="where pages and API are")
    facts_url: str = Field(default="", description="where telephony reports call facts and asks who is calling")
    bridge_url: str = Field(default="", description="where switch commands go")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in the home folder")
    voice_command: str = Field(
        default="", description="program that speaks prompts: text in, {wav} out, {language}, {pace}; empty: espeak-ng"
    )
    prompt_cache: Path = Field(
        default=PROJECT / ".runtime" / "prompts", description="prompts once spoken, for all stacks of this machine"
    )
    seat_secret: SecretStr = Field(default=SecretStr(""), description="key of the seats' SIP passwords")

    @property
    def root(self) -> Path:
        """The root file system with Asterisk, whether it exists or not."""
        return self.asterisk_root if self.asterisk_root != Path("") else self.home / "asterisk-root"

    @property
    def sounds(self) -> Path:
        """Where the prompts' audio is built, a folder for each language."""
        return self.home / "asterisk" / "data" / "sounds"

    @cached_property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'hotline.db'}"

    @property
    def supervisor_home(self) -> Path:
        return self.home / "supervisor"

    @cached_property
    def supervisor_socket(self) -> Path:
        """supervisord's socket; a project in a deep folder gets it in the temporary folder instead."""
        beside = self.supervisor_home / "supervisor.sock"
        if len(str(beside)) <= MAX_SOCKET_PATH:
            return beside
        digest = sha256(str(self.home).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"hotline-{digest}" / "supervisor.sock"

    @property
    def page_url(self) -> str:
        """Where a browser finds the desk."""
        return f"http://{self.web_host}:{self.web_port}/"

    def port_table(self) -> dict[str, tuple[str, int]]:
        """Process name → the TCP address it listens on."""
        return {
            "redis": ("127.0.0.1", self.redis_port),
            "asterisk": (self.ami_host, self.ami_port),
            "agi": (self.agi_host, self.agi_port),
            "bridge": (self.bridge_host, self.bridge_port),
            "web": (self.web_host, self.web_port),
            "facts": (self.facts_host, self.facts_port),
        }
