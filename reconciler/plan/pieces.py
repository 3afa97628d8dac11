"""Whom an edit of a shared piece reaches: audiences of one organization, and of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.plan.model import PieceEdit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reconciler.model import Definition
    from reconciler.plan.model import Plan


@dataclass(frozen=True, slots=True)
class PieceReach:
    """How many audiences of which organizations an edit of a piece changes; the names are sorted."""

    file: str
    audiences: int
    organizations: tuple[str, ...]

    @property
    def summary(self) -> str:
        count = wording.count(len(self.organizations), "organization")
        return f"changes {wording.count(self.audiences, 'audience')} in {count}"


def edits(
    base: Mapping[str, Definition], definitions: Sequence[Definition], changed: Collection[str]
) -> tuple[PieceEdit, ...]:
    """Return the edits of the changed pieces, by their files; `base` has the definitions before, by id."""
    return tuple(_edit(file, base, definitions) for file in sorted(changed))


def _edit(file: str, base: Mapping[str, Definition], definitions: Sequence[Definition]) -> PieceEdit:
    extending = [one for one in definitions if one.extends == file]
    both = [(one, base[one.id]) for one in extending if one.id in base]
    reached = [(one.id, one.name) for one, before in both if before.extends == file and _differ(one, before)]
    return PieceEdit(file, len(extending), tuple(sorted(reached, key=lambda one: (one[1], one[0]))))


def _differ(one: Definition, other: Definition) -> bool:
    return any(getattr(one, part) != getattr(other, part) for part in ("fields", "ignore", "is_protected"))


def across(plans: Mapping[str, Plan]) -> tuple[PieceReach, ...]:
    """Return whom the edits of pieces change in all organizations, given the plan of each by its name."""
    found: dict[str, dict[str, int]] = {}
    for name, plan in plans.items():
        for edit in plan.pieces:
            found.setdefault(edit.file, {})[name] = len(edit.audiences)
    return tuple(
        PieceReach(file, sum(counts.values()), tuple(sorted(name for name in counts if counts[name])))
        for file, counts in sorted(found.items())
    )
