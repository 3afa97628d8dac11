"""How far an apply is, on stderr: a live count on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from reconciler.cli import output
from reconciler.render.escape import log_line

if TYPE_CHECKING:
    from reconciler.plan import AudienceResult

_ERASE = "\r\x1b[K"


class Progress:
    """Counts results as they come."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._is_live = output.obeys_escapes(sys.stderr)

    def __enter__(self) -> Self:
        if self._is_live:
            self._show()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_live:
            output.write(_ERASE, sys.stderr)

    def add(self, result: AudienceResult) -> None:
        self._done += 1
        if self._is_live:
            self._show()
        else:
            name = log_line(f"{self._done}/{self._total} {result.outcome.replace('_', ' ')}: {result.name}")
            output.write(f"{name}\n", sys.stderr)

    def _show(self) -> None:
        output.write(f"{_ERASE}Applying: {self._done} of {self._total} done", sys.stderr)
