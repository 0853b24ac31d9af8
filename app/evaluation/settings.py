"""Settings of rates. The web process and `hotline rates` read them."""

from pydantic import Field

from app.contract.env import EnvSettings


class RateSettings(EnvSettings):
    """How figures are judged: bands, what 基本满意 weighs, whether units are put in order."""

    rate_bands: str = Field(
        default="",
        pattern=r"^([a-z_]+=\d{1,3}(\.\d)?/\d{1,3}(\.\d)?( |$))*$",
        description="where bands of rates begin, in percent, if not where ours do: `satisfied=95/85 sign=99/97`",
    )
    is_ranked: bool = Field(
        default=False, description="put units in order by their rates; bands alone otherwise (国办函〔2025〕66号)"
    )
    fairly_weight: float = Field(
        default=1.0, ge=0, le=1, description="what 基本满意 counts in the rate of satisfaction"
    )
