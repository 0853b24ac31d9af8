"""`python -m app.cli.dialplan`: `hotline dialplan` alone. The pages start it, so it must not import the other commands:
it is there in a third of the time. It runs as who runs the web server.
"""

import os
import sys

from app.cli.console import StepFailed, errors
from app.cli.proposal_commands import dialplan


def main() -> None:
    """The commands; a step that failed says what to do."""
    os.umask(0o022)  # Asterisk, another user, must read what is rendered
    try:
        dialplan()
    except StepFailed as failure:
        errors.print(f"failed: {failure} {failure.remedy}", soft_wrap=True, markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
