"""What the account API takes and gives."""

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.accounts.rules import Permission


class LogInIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"username": "8001", "password": "correct horse battery"}]}
    )

    username: str = Field(min_length=1, max_length=64, description="an agent's number (工号), or a user's name")
    password: str = Field(min_length=1, max_length=200)


class SessionOut(BaseModel):
    """Who is logged in, and the token that every changing request of this session must carry."""

    username: str
    display_name: str
    role: Role
    permissions: list[Permission]
    must_change_password: bool = Field(
        description="the password was given out by somebody else: `POST /session/password` is all that is allowed"
    )
    csrf_token: str = Field(description="send it as header X-CSRF-Token with POST, PUT, PATCH and DELETE")

    @classmethod
    def of(cls, actor: Actor, csrf_token: str) -> "SessionOut":
        return cls(
            username=actor.name,
            display_name=actor.display_name,
            role=actor.role or Role.AGENT,
            permissions=sorted(actor.permissions),
            must_change_password=actor.must_change_password,
            csrf_token=csrf_token,
        )


class PasswordIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(min_length=1, max_length=200)
    new_password: str = Field(min_length=1, max_length=200, description="10 characters or more, not the username")
