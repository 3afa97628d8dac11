"""Defined audiences that cannot be read as the API holds them: each an error of its own, and no other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic
from reconciler.plan.model import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.errors import Severity
    from reconciler.model import Audience, Definition


def find(definitions: Sequence[Definition], live: Mapping[str, Audience]) -> tuple[Unreadable, ...]:
    """Return the audiences of which a field that is defined could not be read, in the definitions' order."""
    return tuple(
        Unreadable(definition.id, definition.name, problems[0])
        for definition in definitions
        if definition.id in live and (problems := _problems(definition, live[definition.id]))
    )


def diagnostics(definitions: Sequence[Definition], live: Mapping[str, Audience]) -> Iterator[Diagnostic]:
    """Yield an error for each of them, and a warning where what could not be read is not defined."""
    for definition in definitions:
        odd = live[definition.id].unreadable if definition.id in live else {}
        problems = _problems(definition, live[definition.id]) if odd else []
        if problems:
            yield _diagnostic(definition, "error", "cannot be read", problems[0], _HINT)
        elif odd:
            yield _diagnostic(definition, "warning", "can be read in part only", min(odd.values()), _NOT_OURS)


def _problems(definition: Definition, audience: Audience) -> list[str]:
    return [problem for key, problem in sorted(audience.unreadable.items()) if key in definition.fields]


def _diagnostic(definition: Definition, severity: Severity, what: str, problem: str, hint: str) -> Diagnostic:
    return Diagnostic(
        severity,
        "unreadable-audience",
        f'audience {definition.id} ("{definition.name}") {what}: {problem}',
        hint,
        definition.file,
        definition.line,
        definition.column,
        "id",
    )


_HINT = "Save it in the dashboard again, or report this to the vendor; --target plans and applies the others"
_NOT_OURS = "The definition does not set that field, which is left alone"
