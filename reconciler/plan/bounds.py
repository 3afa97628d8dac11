"""What a PATCH would hold that the organization's own generation of the API refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from reconciler import wording
from reconciler.plan.places import amount_at, error_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.errors import Diagnostic
    from reconciler.model import Definition, Fields, Path, Rules, Value


def violations(
    definition: Definition, patch: Fields, rules: Rules, generation: int | None
) -> Iterator[Diagnostic]:
    """Yield an error for each field of a PATCH that is out of bounds or of order.

    `generation` is None where nothing told which one it is, and its bounds are then not checked. What a
    definition leaves out is sent as it is live, so that it counts as well.
    """
    for path, rule in rules.items():
        if not rule.bounds and rule.at_most is None:
            continue
        value = _at(patch, path)
        bounds = rule.bounds.get(str(generation))
        if value is not None and bounds is not None and not bounds[0] <= _size(value) <= bounds[1]:
            yield _out_of_range(definition, path, value, bounds)
        limit = None if rule.at_most is None else _at(patch, rule.at_most)
        if value is not None and rule.at_most is not None and limit is not None:
            yield from _in_order(definition, path, value, rule.at_most, limit)


def _at(fields: Fields, path: Path) -> Value:
    value: Value = fields
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _size(value: Value) -> int:
    return len(value) if isinstance(value, frozenset) else cast("int", value)


def _out_of_range(definition: Definition, path: Path, value: Value, bounds: tuple[int, int]) -> Diagnostic:
    least, most = bounds
    amount = _amount(definition, path, value)
    side = f"under {least}, the least" if _size(value) < least else f"over {most}, the most"
    summary = f"{amount} is {side} that this organization's API takes"
    noun = "items" if isinstance(value, frozenset) else "number"
    hint = f"List {least} to {most} items" if noun == "items" else f"Write a number from {least} to {most}"
    return error_at(definition, path, "out-of-range", summary, hint)


def _in_order(
    definition: Definition, path: Path, value: Value, upper: Path, limit: Value
) -> Iterator[Diagnostic]:
    if _size(value) > _size(limit):
        of = "the number of " if isinstance(limit, frozenset) else ""
        summary = f"{_amount(definition, path, value)} is over {of}{upper[-1]}, which is {_size(limit)}"
        yield error_at(
            definition, path, "out-of-order", summary, f"Set {path[-1]} and {upper[-1]} in the file"
        )


def _amount(definition: Definition, path: Path, value: Value) -> str:
    amount = wording.count(len(value), "item") if isinstance(value, frozenset) else str(value)
    return amount_at(definition, path, amount)
