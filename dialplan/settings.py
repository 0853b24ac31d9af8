"""Settings of the telephony node: what the rendered Asterisk configuration needs to know."""

from pathlib import Path

from pydantic import Field, SecretStr

from app.contract.env import PROJECT, EnvSettings


class DialplanSettings(EnvSettings):
    """Read by `hotline dialplan …` and by whoever starts Asterisk. Secrets are generated at set-up."""

    site_plan: Path = Field(default=PROJECT / "dialplan/sites/demo.yaml", description="site plan to render")
    asterisk_root: Path = Field(
        default=Path(""), description="root file system with Asterisk; empty: asterisk-root in the home folder"
    )
    asterisk_uid: int = Field(default=64345, ge=1, description="numeric user and group Asterisk runs as")
    sip_host: str = Field(default="127.0.0.1", description="address Asterisk listens on for SIP and sends media from")
    sip_port: int = Field(default=5060, ge=1, le=65535, description="UDP port of SIP")
    rtp_start: int = Field(default=10000, ge=1024, le=65535, description="first UDP port of media")
    rtp_end: int = Field(default=10999, ge=1024, le=65535, description="last UDP port of media")
    ami_host: str = Field(default="127.0.0.1", description="address of Asterisk's manager interface")
    ami_port: int = Field(default=5038, ge=1, le=65535, description="port of Asterisk's manager interface")
    ami_events_user: str = Field(default="hotline-events", description="manager account that only listens")
    ami_events_secret: SecretStr = Field(min_length=16, description="its password")
    ami_commands_user: str = Field(default="hotline-commands", description="manager account that only acts")
    ami_commands_secret: SecretStr = Field(min_length=16, description="its password")
    agi_servers: str = Field(
        default="127.0.0.1:4573", description="FastAGI servers the dialplan tries, in random order: host:port,host:port"
    )
    agi_time_limit_seconds: int = Field(
        default=20,
        ge=2,
        le=600,
        description="a FastAGI server that hangs is cut after this long, and the caller goes to the queue",
    )
    seat_secret: SecretStr = Field(min_length=16, description="SIP passwords of the seats are derived from it")

    @property
    def asterisk_home(self) -> Path:
        """Folder of one Asterisk: its configuration, logs, sounds and recordings."""
        return self.home / "asterisk"

    @property
    def root(self) -> Path:
        """The root file system with Asterisk, whether it exists or not."""
        return self.asterisk_root if self.asterisk_root != Path("") else self.home / "asterisk-root"

    @property
    def agi_addresses(self) -> list[str]:
        return [part.strip() for part in self.agi_servers.split(",") if part.strip()]
