"""Where a reader on GitHub is: which commit's files, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.render.origin import Place

if TYPE_CHECKING:
    from reconciler.github.environment import Environment


def on_github(environment: Environment, *, page: str = "") -> Place:
    """Return the place that a step's environment is about, at this time; `page` is one that the run keeps."""
    return Place(
        files=environment.files_url,
        commits=environment.commits_url,
        artifacts=f"{environment.run_url}#artifacts" if environment.run_url else "",
        page=page,
        commit=environment.commit,
        time=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        author=environment.author,
    )
