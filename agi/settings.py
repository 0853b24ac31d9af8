"""Settings of the FastAGI server, read once at its start."""

from pathlib import Path

from pydantic import Field, SecretStr

from app.contract.env import PROJECT, EnvSettings


class AgiSettings(EnvSettings):
    """What the FastAGI server needs to know. The token has no default: `hotline setup` generates it."""

    agi_host: str = Field(default="127.0.0.1", description="address the FastAGI server listens on")
    agi_port: int = Field(default=4573, ge=1, le=65535, description="port of the FastAGI server")
    agi_name: str = Field(
        default="agi",
        pattern=r"^[a-z0-9][a-z0-9-]{0,20}$",
        description="name of this FastAGI server; a second one on the same host needs another",
    )
    agi_token: SecretStr = Field(description="API token of the FastAGI server (scopes call-events:write lookup:read)")
    agi_flows: Path = Field(
        default=PROJECT / "ivr_flows" / "flows", description="flow files to play while none was published"
    )
    agi_max_calls: int = Field(
        default=500, ge=1, description="calls in flows at once; one more goes to the next server"
    )
    agi_lookup_budget_ms: int = Field(default=300, ge=1, le=5000, description="longest wait for who is calling")
    agi_command_seconds: float = Field(default=5.0, gt=0, description="longest wait for Asterisk's answer to a command")
    agi_prompt_seconds: float = Field(default=60.0, gt=0, description="the same for a command that plays a prompt")
    agi_time_limit_seconds: int = Field(
        default=20,
        ge=2,
        le=600,
        description="a FastAGI server that hangs is cut after this long, and the caller goes to the queue",
    )
    agi_grace_seconds: float = Field(default=15.0, ge=0, description="how long running flows may go on after a stop")
    facts_url: str = Field(
        default="http://127.0.0.1:8014", description="where telephony reports call facts and asks who is calling"
    )

    @property
    def sender(self) -> str:
        """The name under which the store keeps this sender's cursor."""
        return f"{self.node}.{self.agi_name}"

    @property
    def flows_folder(self) -> Path:
        """Published flows."""
        return self.home / "flows"

    @property
    def recordings_folder(self) -> Path:
        """Where Asterisk writes; here too on the host of the node."""
        return self.home / "asterisk" / "recordings"

    @property
    def journal_folder(self) -> Path:
        return self.home / "journal" / self.agi_name
