"""`python -m app.cli.flows`: `hotline flows` alone. The pages start it, so it must not import the other commands."""

import os
import sys

import typer

from app.cli import (  # noqa: F401 - each adds its commands to the group
    flow_commands,
    flow_pictures,
    flow_shelf,
    flow_simulation,
    flow_statistics,
    prompt_commands,
)
from app.cli.console import StepFailed, errors
from app.cli.flow_group import flows


def main() -> None:
    """The commands; what is refused is told as a Refusal on stdout where JSON was asked for."""
    os.umask(0o022)  # Asterisk, another user, must read what is spoken
    try:
        flows()
    except StepFailed as failure:
        if {"--json", "--svg=-"} & {*sys.argv}:  # a picture is asked for by programs too
            from app.cli.flow_refusal import told  # noqa: PLC0415

            typer.echo(told(failure).model_dump_json())
        else:
            errors.print(f"failed: {failure} {failure.remedy}", soft_wrap=True, markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
