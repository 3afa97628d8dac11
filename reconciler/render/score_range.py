"""Whom a range takes and drops when its ends move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.effect import overall
from reconciler.render.filter_words import amount
from reconciler.render.values import sides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Json, Path, Rules
    from reconciler.plan import Change, FieldChange
    from reconciler.render.effect import Effect
    from reconciler.render.values import Words

_LEAST, _MOST = -1, 1_000_000  # where an end is set on neither side


def said(
    change: Change, path: Path, fields: Sequence[FieldChange], rules: Rules, words: Words
) -> tuple[str, Effect | None]:
    """Return whom the range then takes and drops, and the effect; `path` is its lower end."""
    upper = rules[path].at_most or path
    lower_before, lower_after = sides(change, path, fields)
    upper_before, upper_after = sides(change, upper, fields)
    before, after = _ends(lower_before, upper_before), _ends(lower_after, upper_after)
    is_known = (lower_before is None) == (lower_after is None) and (upper_before is None) == (
        upper_after is None
    )
    if before is None or after is None or not is_known:
        return _each_end(path, upper, fields, rules, words)
    start, _, end = rules[path].people.partition("{}")
    if after[1] < before[0] or before[1] < after[0]:
        instead = f"{_span(*after)}{end} instead of {_span(*before)}"
        return f"everyone there today leaves: {start}{instead}", "other"
    more, fewer = _gained(before, after), _gained(after, before)
    if not (more or fewer):
        return _each_end(path, upper, fields, rules, words)
    parts = [f"also takes {start}{one}{end}" for one in more]
    parts += [f"drops {start}{one}{end}" for one in fewer]
    effect: Effect = "other" if more and fewer else "more" if more else "fewer"
    return "; ".join(parts), effect


def _ends(lower: Json, upper: Json) -> tuple[int, int] | None:
    """Return both ends, open where they are not set; None for what is no range."""
    low, high = _LEAST if lower is None else lower, _MOST if upper is None else upper
    if type(low) is not int or type(high) is not int or low > high:
        return None
    return low, high


def _gained(before: tuple[int, int], after: tuple[int, int]) -> list[str]:
    """Return what of the second range, which overlaps, is outside of the first."""
    found = [_span(after[0], before[0] - 1)] if after[0] < before[0] else []
    return [*found, *([_span(before[1] + 1, after[1])] if after[1] > before[1] else [])]


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


def _each_end(
    path: Path, upper: Path, fields: Sequence[FieldChange], rules: Rules, words: Words
) -> tuple[str, Effect | None]:
    """Return what each end does, where the other does not tell whom that means."""
    paths = {".".join(one): rules[one] for one in (path, upper)}
    found = [amount(field, paths[field.path], words, is_end=True) for field in fields]
    return "; ".join(text for text, _ in found), overall(effect for _, effect in found)
