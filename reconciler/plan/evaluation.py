"""What the API says that it would store, held against what a definition asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler import diff
from reconciler.model import dotted, spell
from reconciler.plan.places import amount_at, error_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.diff import Difference
    from reconciler.errors import Diagnostic
    from reconciler.model import Definition, Fields, Rules, Verdict

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
        if not _is_new(one, rules):
            amount = _asked(definition, one, rules)
            yield error_at(definition, one.path, "stored-otherwise", _described(one, amount), _hint(one))
    # One error for all of them: a server may add any number of filters, by any name.
    if new := frozenset(dotted(one.path[2:]) for one in changed if _is_new(one, rules)):
        yield error_at(definition, _FILTERS, "stored-otherwise", f"the API would add {spell(new)}", _CARRY)
    for key in sorted(_filters(asked) & _filters(verdict.stored) - verdict.applied):
        yield error_at(definition, (*_FILTERS, key), "filter-not-applied", _NOT_APPLIED, _CORRECT)


def _is_new(one: Difference, rules: Rules) -> bool:
    """Whether the API adds what the schema does not know."""
    return one.after is None and one.path not in rules


def _counts(one: Difference) -> bool:
    return one.after is not None or one.path[:2] == _FILTERS


def _filters(fields: Fields) -> frozenset[str]:
    config = fields["config"]
    filters = config.get("filters") if isinstance(config, Mapping) else None
    return frozenset(filters) if isinstance(filters, Mapping) else frozenset()


def _refusal(reason: str) -> str:
    return f"the API refuses this config: {reason}" if reason else "the API refuses this config"


def _asked(definition: Definition, one: Difference, rules: Rules) -> str:
    """Spell what was sent, and say where it is from if the file leaves it out."""
    rule = rules.get(one.path)
    is_carried_over = rule is not None and rule.is_carried_over
    return amount_at(definition, one.path, spell(one.after)) if is_carried_over else spell(one.after)


def _described(one: Difference, asked: str) -> str:
    """Describe one field: `before` is what the API would store, `after` what it was asked to."""
    if isinstance(one.before, frozenset) and isinstance(one.after, frozenset):
        parts = [("without", one.added), ("with", one.removed)]
        return "would be stored " + " and ".join(f"{word} {spell(some)}" for word, some in parts if some)
    if one.before is None:
        return f"{asked} would not be stored"
    if one.after is None:
        return f"the API would add {spell(one.before)}"
    return f"{asked} would be stored as {spell(one.before)}"


def _hint(one: Difference) -> str:
    if one.after is None:
        return _WRITE
    if one.before is None or isinstance(one.before, frozenset):
        return _CORRECT
    return f"Write {spell(one.before)} if that is meant"


_CORRECT = "Correct it by the API's filter catalogue, or remove it"
_WRITE = "Write it in the file too if it is meant"
_CARRY = "This version does not know it. If it is meant, set it in the dashboard"
_NOT_APPLIED = "the API would not apply this filter"
