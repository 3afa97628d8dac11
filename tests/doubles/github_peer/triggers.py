"""Whether an event starts a workflow, and the inputs that a start by hand brings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .values import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .events import Event
    from .workflow_files import Workflow

_TYPES = ("opened", "synchronize", "reopened")
_PIECE = re.compile(r"\*\*/|\*\*|\*|[^*]+")
_GLOBS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}


def is_triggered(workflow: Workflow, event: Event) -> bool:
    """Tell whether GitHub would start this workflow for the event."""
    if event.name not in workflow.on:
        return False
    if event.name not in _EVENTS:
        raise Unsupported(f"the event {event.name!r} is not known here")
    return _EVENTS[event.name](workflow.on[event.name] or {}, event)


def dispatch_inputs(workflow: Workflow, event: Event) -> dict[str, Any]:
    """Give the `inputs` context: what was entered, or each input's default; nothing for another event."""
    declared = (workflow.on.get("workflow_dispatch") or {}).get("inputs") or {}
    if event.name != "workflow_dispatch":
        return dict.fromkeys(declared)
    entered: Mapping[str, str] = event.payload["inputs"] or {}
    if unknown := set(entered) - set(declared):
        raise Unsupported(f"the workflow declares no input {sorted(unknown)}")
    return {name: _input(name, declaration or {}, entered) for name, declaration in declared.items()}


def _input(name: str, declaration: Mapping[str, Any], entered: Mapping[str, str]) -> Any:
    _known(declaration, ("description", "required", "default", "type", "options"), f"inputs.{name}")
    kind = declaration.get("type", "string")
    if kind not in {"string", "boolean", "choice", "number"}:
        raise Unsupported(f"inputs.{name}: the type {kind!r} is not known here")
    if declaration.get("required") and name not in entered and "default" not in declaration:
        raise Unsupported(f"inputs.{name} is required")
    value = entered.get(name, declaration.get("default", "false" if kind == "boolean" else ""))
    if kind == "choice" and value not in declaration["options"]:
        raise Unsupported(f"inputs.{name}: {value!r} is none of {declaration['options']}")
    if kind == "number" and not value.isdecimal():
        raise Unsupported(f"inputs.{name}: {value!r} is not a whole number")
    # Whether a number stays one is not documented: a text is the harder for what must not depend on it.
    return value in {True, "true"} if kind == "boolean" else value


def _pull_request(filters: Mapping[str, Any], event: Event) -> bool:
    _known(filters, ("types", "branches", "paths"), "pull_request")
    types = filters.get("types") or _TYPES
    return (
        event.action in ([types] if isinstance(types, str) else types)
        and _passes(filters.get("branches"), (event.base_ref,))
        and _passes(filters.get("paths"), event.changed)
    )


def _push(filters: Mapping[str, Any], event: Event) -> bool:
    _known(filters, ("branches", "paths"), "push")
    branch = event.ref.removeprefix("refs/heads/")
    return _passes(filters.get("branches"), (branch,)) and _passes(filters.get("paths"), event.changed)


def _merge_group(filters: Mapping[str, Any], event: Event) -> bool:
    # No `paths` here: GitHub's merge queue has no such filter.
    _known(filters, ("types", "branches"), "merge_group")
    branch = event.payload["merge_group"]["base_ref"].removeprefix("refs/heads/")
    types = filters.get("types") or [event.action]
    return event.action in types and _passes(filters.get("branches"), (branch,))


def _schedule(times: Iterable[Mapping[str, str]], event: Event) -> bool:
    return event.payload["schedule"] in [time["cron"] for time in times]


def _dispatch(filters: Mapping[str, Any], _: Event) -> bool:
    _known(filters, ("inputs",), "workflow_dispatch")
    return True


_EVENTS: Mapping[str, Callable[[Any, Event], bool]] = {
    "pull_request": _pull_request,
    "push": _push,
    "merge_group": _merge_group,
    "schedule": _schedule,
    "workflow_dispatch": _dispatch,
}


def _passes(patterns: str | list[str] | None, names: Iterable[str]) -> bool:
    if patterns is None:
        return True
    expressions = [
        _expression(pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns)
    ]
    return any(expression.fullmatch(name) for expression in expressions for name in names)


def _expression(pattern: str) -> re.Pattern[str]:
    if any(sign in pattern for sign in "?+[]!"):
        raise Unsupported(f"the pattern {pattern!r} is not known here")
    return re.compile("".join(_GLOBS.get(piece) or re.escape(piece) for piece in _PIECE.findall(pattern)))


def _known(document: Mapping[str, Any], keys: tuple[str, ...], what: str) -> None:
    if unknown := set(document) - set(keys):
        raise Unsupported(f"on.{what}: {sorted(unknown)} is not known here")
