"""Whose change is it: the author's, made in git, or somebody's, made live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import diff

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.diff import Difference
    from reconciler.model import Audience, Definition, Fields, Path, Rules
    from reconciler.plan.model import Cause


def attribute(
    differences: Sequence[Difference],
    desired: Fields,
    live: Audience,
    base: Definition | None,
    rules: Rules,
) -> Mapping[Path, Cause]:
    """Return the cause of each difference, given the definition where the branch began.

    A field that git left alone differs because it changed live: drift. One that git changed, and that was
    live as defined before, is this change. One that git changed and that had changed live as well is both.
    What git did not have at the base is this change: a whole definition, or a top-level field with all that
    differs in it.
    """
    if base is None:
        return {difference.path: "change" for difference in differences}
    before = diff.desired(base, live, rules)
    asked = _paths(before, desired, rules)
    drifted = _paths(diff.managed(base, live), before, rules)
    return {
        difference.path: _cause(
            is_asked=difference.path in asked or difference.path[0] not in base.fields,
            has_drifted=difference.path in drifted,
        )
        for difference in differences
    }


def _paths(one: Fields, other: Fields, rules: Rules) -> frozenset[Path]:
    return frozenset(difference.path for difference in diff.compare(one, other, rules))


def _cause(*, is_asked: bool, has_drifted: bool) -> Cause:
    if is_asked and has_drifted:
        return "both"
    return "change" if is_asked else "drift"
