"""What is said on GitHub besides the job's own result: it may fail, and the result does not change."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reconciler.cli import output
from reconciler.errors import Diagnostic, ReconcilerError
from reconciler.render import github, markdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.github.environment import Environment


def say(environment: Environment, post: Callable[[], None]) -> None:
    """Post to GitHub; what keeps it from there goes to the log and the job's summary instead."""
    try:
        post()
    except ReconcilerError as error:
        reason = Diagnostic(
            "warning", "not-posted", f"this could not be posted: {error.summary}", error.detail
        )
        output.write(github.workflow([reason]), sys.stderr)
        environment.summarize(markdown.notes([reason]))
