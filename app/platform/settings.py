"""Settings of the case store. README's table is generated from these classes."""

from functools import cached_property
from typing import Literal

from pydantic import Field, SecretStr

from app.contract.env import EnvSettings


class Settings(EnvSettings):
    """Read once at the composition root. Secrets have no default: `hotline setup` generates them."""

    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in the home folder")
    redis_url: SecretStr = Field(description="Redis for topics and the job queue")
    web_host: str = Field(default="127.0.0.1", description="address the web server listens on")
    web_port: int = Field(default=8012, ge=1, le=65535, description="port of pages and API")
    facts_host: str = Field(default="127.0.0.1", description="address the door for call facts listens on")
    facts_port: int = Field(default=8014, ge=1, le=65535, description="port of the door for call facts")
    session_secret: SecretStr = Field(min_length=32, description="signs log-in cookies")
    session_minutes: int = Field(default=15, ge=1, description="a log-in ends after so many minutes without a request")
    bridge_url: str = Field(default="http://127.0.0.1:8013", description="where switch commands go")
    command_token: SecretStr = Field(min_length=32, description="the bridge accepts switch commands with it")
    reveal_quota: int = Field(
        default=30, ge=1, description="full numbers a person may look at in a day before the auditors are told"
    )
    region_code: str = Field(default="410400", pattern=r"^\d{6}$", description="the platform's own region")
    area_code: str = Field(default="0375", pattern=r"^0\d{2,3}$", description="telephone area code of the region")
    wrap_up_seconds: int = Field(default=5, ge=0, le=600, description="wrap-up after a talk, from the site plan")
    callback_missed: str = Field(
        default="",
        pattern=r"^((abandoned|overflow|no_agent)(,(abandoned|overflow|no_agent))*)?$",
        description="missed calls that are called back without anybody's word: any of abandoned,overflow,no_agent",
    )
    callback_hours: str = Field(
        default="8-21",
        pattern=r"^([01]?\d|2[0-3])-([1-9]|1\d|2[0-4])$",
        description="between which hours (Asia/Shanghai) citizens are called, unless they asked for it just now",
    )
    follow_up_calls: bool = Field(default=False, description="ring citizens by machine for follow-up (flow follow-up)")
    followers_told_by: Literal["sms", "call", "people"] = Field(
        default="sms",
        description="how followers hear that an outage is over: sms (else a call), call, or people only",
    )
    sms_gateway_url: str = Field(
        default="", description="where text messages are posted as JSON; empty: they are written to outbox/sms.jsonl"
    )
    sms_gateway_token: SecretStr = Field(default=SecretStr(""), description="bearer token for the gateway of messages")
    dialplan_command: str = Field(
        default="", description="how pages change the dialplan; empty: `hotline dialplan` of this installation"
    )
    flows_command: str = Field(
        default="", description="how pages change flows and prompts; empty: `hotline flows` of this installation"
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]+)?$",
        description="where citizens reach the pages, for links in messages; empty: http:// and the web address",
    )
    is_cookie_secure: bool = Field(default=False, description="set the Secure mark on cookies (HTTPS in front)")

    @cached_property
    def callback_reasons(self) -> frozenset[str]:
        """Of `callback_missed`."""
        return frozenset(self.callback_missed.split(",")) - {""}

    @cached_property
    def hours_of_callbacks(self) -> tuple[int, int]:
        """Of `callback_hours`: from and until."""
        from_hour, until_hour = map(int, self.callback_hours.split("-"))
        return from_hour, until_hour

    @cached_property
    def effective_public_url(self) -> str:
        return self.public_url or f"http://{self.web_host}:{self.web_port}"

    @cached_property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'hotline.db'}"
