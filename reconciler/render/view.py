"""A plan as people read it: one row for each audience, what that comes to, and whether it can be merged.

Text, Markdown, comments and HTML show this, each with its own medium.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from reconciler.render import reach, sentences, verdict
from reconciler.render.sentences import Kind
from reconciler.render.values import Lexicon

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import Change, Plan
    from reconciler.render.medium import Medium
    from reconciler.render.sentences import Consequence
    from reconciler.render.verdict import Verdict

_ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to one audience, net from live to defined; drift is marked in the consequences.

    `cut` says which filter takes away most people, where that is known and they are many.
    """

    change: Change
    kind: Kind
    consequences: tuple[Consequence, ...]
    cut: str = ""

    @property
    def has_drift(self) -> bool:
        return any(one.cause in {"drift", "both"} for one in self.consequences)

    @property
    def is_asked(self) -> bool:
        """Whether the change that is reviewed asks for any of it, as far as that is known."""
        return any(one.cause != "drift" for one in self.consequences)

    @property
    def is_known_as_asked(self) -> bool:
        """Whether all of it is known to be what the reviewed change asks for, and none of it drift."""
        return all(one.cause == "change" for one in self.consequences)

    @property
    def is_active_meanwhile(self) -> bool:
        """Whether it is active, stays so, and is not what it was."""
        before = self.change.before.get("status")
        return before == _ACTIVE and self.change.patch.get("status", before) == _ACTIVE

    @property
    def people_moved(self) -> int | None:
        """How many people more or fewer it reaches, None where that is not known."""
        reach = self.change.reach
        if reach is None or reach.before is None or reach.after is None:
            return None
        if self.kind in {"starts", "stops"}:
            return max(reach.before, reach.after)
        return abs(reach.after - reach.before)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of which each says the same."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class View:
    """All rows, the largest effect first, the verdict, and the plan's digest, which takes time to make."""

    plan: Plan
    rows: tuple[Row, ...]
    verdict: Verdict
    digest: str | None = None

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many audiences change in which way, each counted once."""
        kinds = [row.kind for row in self.rows]
        return {kind: kinds.count(kind) for kind in get_args(Kind) if kind in kinds}


def of(
    plan: Plan,
    rules: Rules,
    medium: Medium,
    *,
    notes: Sequence[Diagnostic] = (),
    hints: Mapping[str, str] | None = None,
) -> View:
    """Return what there is to see of a plan.

    `notes` say what could not be found out, and `hints`, by the code of a refusal, what it needs where the
    reader is; they stand in for the refusal's own.
    """
    found = rows(plan.audience_changes, rules, medium)
    return View(plan, found, verdict.of(plan, found, medium, notes, hints or {}), plan.digest)


def rows(changes: Sequence[Change], rules: Rules, medium: Medium) -> tuple[Row, ...]:
    """Return a row for each audience, the largest effect first."""
    found, lexicon = [], Lexicon(rules)
    for change in changes:
        said = sentences.consequences(change, lexicon, medium)
        cut = reach.largest_cut_words(change, rules, medium)
        found.append(Row(change, sentences.kind(change, said), said, cut))
    return tuple(sorted(found, key=_rank))


def _rank(row: Row) -> tuple[int, int]:
    """Return the place of a row; the order among equals stays."""
    moved = row.people_moved
    if moved is not None:
        return (1, -moved) if moved else (3, 0)
    return (0 if row.kind in {"starts", "stops"} else 3 if row.kind == "same" else 2), 0


def groups(found: Sequence[Row]) -> tuple[Group, ...]:
    """Return the rows with those together that say the same, each where its first one is."""
    same: dict[object, list[Row]] = {}
    for row in found:
        since = row.change.updated_at if row.has_drift else ""
        key = (row.change.phase, row.change.is_protected, row.consequences, since)
        same.setdefault(key, []).append(row)
    return tuple(Group(tuple(members)) for members in same.values())
