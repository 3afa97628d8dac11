"""What is said on GitHub besides the job's own result: it may fail, and the result does not change."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from reconciler.cli import exit_codes, output
from reconciler.cli.boundary import attempted
from reconciler.errors import Diagnostic, Interrupted
from reconciler.render import markdown
from reconciler.render.annotations import annotate

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.github.environment import Environment


def publish(code: int, environment: Environment, *steps: Callable[[], None]) -> int:
    """Take each step, and return the command's exit code, which only an interrupt changes.

    What keeps a step from its end goes to the log and to the job's summary instead.
    """
    for step in steps:
        error = attempted(step)
        if isinstance(error, Interrupted):
            return exit_codes.INTERRUPTED
        if error is not None:
            summary = f"this could not be posted: {error.summary}"
            reason = Diagnostic("warning", "not-posted", summary, error.detail)
            output.write(annotate([reason]), sys.stderr)
            attempted(partial(environment.summarize, markdown.notes([reason])))
    return code
