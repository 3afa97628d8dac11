"""What the API says that it would store, held against what a definition asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler import diff
from reconciler.model import spell
from reconciler.plan.places import error_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.diff import Difference
    from reconciler.errors import Diagnostic
    from reconciler.model import Definition, Fields, Path, Rules, Verdict

_FILTERS = ("config", "filters")


def problems(definition: Definition, asked: Fields, verdict: Verdict, rules: Rules) -> Iterator[Diagnostic]:
    """Yield an error for all that the API would store otherwise; `asked` holds the `config` that was sent.

    What nobody asked for and the API fills in, such as a score's default, is no difference. A filter that
    comes, goes or is not applied is: it decides who is reached.
    """
    if verdict.stored is None:
        yield error_at(definition, ("config",), "refused-config", _refusal(verdict.refusal), _CORRECT)
        return
    changed = [one for one in diff.compare(verdict.stored, asked, rules) if _counts(one)]
    for one in changed:
        yield error_at(definition, one.path, "stored-otherwise", _described(one), _hint(one))
    dropped = {one.path[:3] for one in changed}
    for path in _filters(asked):
        if path[-1] not in verdict.applied and path not in dropped:
            yield error_at(definition, path, "filter-not-applied", _NOT_APPLIED, _CORRECT)


def _counts(one: Difference) -> bool:
    return one.after is not None or one.path[:2] == _FILTERS


def _filters(asked: Fields) -> Iterator[Path]:
    config = asked["config"]
    filters = config.get("filters") if isinstance(config, Mapping) else None
    yield from ((*_FILTERS, key) for key in sorted(filters if isinstance(filters, Mapping) else ()))


def _refusal(reason: str) -> str:
    return f"the API refuses this config: {reason}" if reason else "the API refuses this config"


def _described(one: Difference) -> str:
    """Describe one field: `before` is what the API would store, `after` what it was asked to."""
    if isinstance(one.before, frozenset) and isinstance(one.after, frozenset):
        parts = [("without", one.added), ("with", one.removed)]
        return "would be stored " + " and ".join(f"{word} {spell(some)}" for word, some in parts if some)
    if one.before is None:
        return f"{spell(one.after)} would not be stored"
    if one.after is None:
        return f"the API would add {spell(one.before)}"
    return f"{spell(one.after)} would be stored as {spell(one.before)}"


def _hint(one: Difference) -> str:
    if one.before is None or one.after is None or isinstance(one.before, frozenset):
        return _CORRECT
    return f"Write {spell(one.before)} if that is meant"


_CORRECT = "Correct it by the API's filter catalogue, or remove it"
_NOT_APPLIED = "the API would not apply this filter"
