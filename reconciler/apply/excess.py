"""Whether an audience reaches more people than it was to, by how filters work. Pure.

What is not plainly narrower counts as wider: one alarm too many costs a look, one too few reaches people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler import diff
from reconciler.model import NOTHING, Fields

if TYPE_CHECKING:
    from reconciler.diff import Difference
    from reconciler.model import Path, Rule, Rules, Value


def is_wider(held: Fields, due: Fields, rules: Rules) -> bool:
    """Return whether anything that is held makes an audience wider than what is due."""
    return any(_is_wider(one, held, due, rules) for one in diff.compare(held, due, rules))


def _is_wider(one: Difference, held: Fields, due: Fields, rules: Rules) -> bool:
    """Judge one difference, whose `before` is held and whose `after` is due."""
    rule, parent = rules.get(one.path), one.path[:-1]
    if rule is None:
        return one.after is not None
    is_part = _is_group(parent[:-1], rules)
    if rule.kind == "set":
        is_compared_otherwise = is_part and any(len(_within(side, parent)) > 1 for side in (held, due))
        return _is_wider_set(one, rule, is_plain=not is_compared_otherwise)
    if is_part:
        return bool(_within(due, parent))  # the way in which values are compared
    return one.after is not None if _is_group(parent, rules) else _is_wider_number(one, rule)


def _is_wider_set(one: Difference, rule: Rule, *, is_plain: bool) -> bool:
    """Judge a set; it `is_plain` where no operator says how its values are compared."""
    if one.before is None or one.after is None:
        return one.before is None  # a limit that is gone, or one more than was due
    return bool(one.added if rule.raising == "narrower" else one.removed) or not is_plain


def _is_wider_number(one: Difference, rule: Rule) -> bool:
    """Judge a score; what has no say on whom it reaches, such as a name, never counts."""
    before, after = one.before, one.after
    if rule.raising is None or after is None:
        return False
    if not (isinstance(before, int) and isinstance(after, int)):
        return True
    return (before > after) == (rule.raising == "wider")


def _is_group(path: Path, rules: Rules) -> bool:
    return path in rules and rules[path].kind == "group"


def _within(fields: Fields, path: Path) -> Fields:
    value: Value = fields
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else NOTHING
