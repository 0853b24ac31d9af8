"""Settings of test calls. The worker and `hotline lines probe` read them."""

from ipaddress import IPv4Address

from pydantic import Field

from app.contract.env import EnvSettings


class ProbeSettings(EnvSettings):
    """Where test calls come from and go to, and how often."""

    sip_host: str = Field(default="127.0.0.1", description="address SIP and RTP are bound to")
    sip_port: int = Field(default=5060, ge=1, le=65535, description="SIP over UDP")
    probe_address: IPv4Address = Field(
        default=IPv4Address("127.0.0.7"), description="where test calls come from: an address of the plan's probe trunk"
    )
    probe_every_minutes: int = Field(
        default=60, ge=0, le=10_080, description="each line is dialled once in so many minutes; 0: only by hand"
    )
