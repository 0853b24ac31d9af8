"""Settings of the bridge, read once at its start."""

from pathlib import Path

from pydantic import Field, SecretStr

from app.contract.env import EnvSettings


class BridgeSettings(EnvSettings):
    """What the bridge needs to know. Secrets have no default: `hotline setup` generates them."""

    ami_host: str = Field(default="127.0.0.1", description="address of Asterisk's manager interface")
    ami_port: int = Field(default=5038, ge=1, le=65535, description="port of Asterisk's manager interface")
    ami_events_user: str = Field(default="hotline-events", description="AMI user that may only listen")
    ami_events_secret: SecretStr = Field(description="its secret")
    ami_commands_user: str = Field(default="hotline-commands", description="AMI user that may act")
    ami_commands_secret: SecretStr = Field(description="its secret")
    ami_ping_seconds: float = Field(default=10.0, gt=0, description="a ping is sent after so long a silence")
    ami_dead_seconds: float = Field(default=25.0, gt=0, description="no byte for so long: the connection is cut")
    facts_url: str = Field(
        default="http://127.0.0.1:8014", description="where telephony reports call facts and asks who is calling"
    )
    bridge_token: SecretStr = Field(description="API token of the bridge (scope call-events:write)")
    bridge_host: str = Field(default="127.0.0.1", description="address of the bridge's command door")
    bridge_port: int = Field(default=8013, ge=1, le=65535, description="port of the bridge's command door")
    command_token: SecretStr = Field(min_length=32, description="the bridge accepts switch commands with it")
    bridge_fifo_size: int = Field(default=50_000, ge=100, description="events that may wait in memory for the journal")
    journal_segment_mib: int = Field(default=8, ge=1, description="size of one journal file")
    journal_max_mib: int = Field(default=1024, ge=16, description="the journal never grows beyond it")
    journal_fsync_ms: int = Field(
        default=200, ge=0, description="longest time until fsync; a power failure takes no more"
    )

    @property
    def sender(self) -> str:
        """The name under which the store keeps this sender's cursor."""
        return f"{self.node}.ami"

    @property
    def journal_folder(self) -> Path:
        return self.home / "journal" / "ami"

    @property
    def queue_log(self) -> Path:
        return self.home / "asterisk" / "log" / "queue_log"

    @property
    def state_folder(self) -> Path:
        return self.home / "bridge"
