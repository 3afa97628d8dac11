"""A plan as people read it: one row for each audience, what that comes to, and whether it can be merged.

Text, Markdown, comments and HTML show this, each with its own medium.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.render import sentences, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.model import Rules
    from reconciler.plan import Change, Plan
    from reconciler.render.medium import Medium
    from reconciler.render.sentences import Consequence, Kind
    from reconciler.render.verdict import Verdict

_ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to one audience, net from live to defined; drift is marked in the consequences."""

    change: Change
    kind: Kind
    consequences: tuple[Consequence, ...]

    @property
    def has_drift(self) -> bool:
        return any(one.cause in {"drift", "both"} for one in self.consequences)

    @property
    def is_asked(self) -> bool:
        """Whether the change that is reviewed asks for any of it, as far as that is known."""
        return any(one.cause != "drift" for one in self.consequences)

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
    """All rows, the largest effect first, and the verdict."""

    plan: Plan
    rows: tuple[Row, ...]
    verdict: Verdict

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many audiences change in which way, each counted once."""
        kinds = [row.kind for row in self.rows]
        return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}


KINDS: Mapping[Kind, tuple[str, str]] = {
    "starts": ("would start", "would start"),
    "stops": ("would stop being active", "would stop being active"),
    "more": ("would match more people", "would match more people"),
    "fewer": ("would match fewer people", "would match fewer people"),
    "other": ("would match other people", "would match other people"),
    "same": ("would keep its people", "would keep their people"),
}


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
    return View(plan, found, verdict.of(plan, found, medium, notes, hints or {}))


def rows(changes: Sequence[Change], rules: Rules, medium: Medium) -> tuple[Row, ...]:
    """Return a row for each audience, the largest effect first."""
    found = []
    for change in changes:
        said = sentences.consequences(change, rules, medium)
        found.append(Row(change, sentences.kind(change, said), said))
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


def headline(view: View) -> str:
    """Return in numbers what becomes of all audiences; they add up, on both levels."""
    plan, summary = view.plan, view.plan.summary
    if not plan.managed:
        return "No audience is defined here."
    keeps = summary["unchanged"]
    parts = [(summary["update"], "would change", "would change")]
    parts += [(keeps, "stays as it is", "stay as they are")]
    parts += [(len(plan.missing), "does not exist live", "do not exist live")]
    parts += [(len(plan.unreadable), "cannot be read", "cannot be read")]
    shown = [f"{count} {_verb(count, one, many)}" for count, one, many in parts if count]
    return f"Of {wording.count(plan.managed, 'audience')}, {_and(shown)}."


def breakdown(view: View) -> str:
    """Return how many audiences change in which way, empty where none does."""
    counts = view.counts
    if not counts:
        return ""
    if len(view.rows) == 1:
        return f"It {KINDS[view.rows[0].kind][0]}."
    shown = [f"{count} {_verb(count, *KINDS[kind])}" for kind, count in counts.items()]
    return f"Of these {len(view.rows)}, {_and(shown)}."


def _verb(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def slots(view: View, medium: Medium) -> str:
    """Return who frees an active slot and who takes one, empty where nobody does."""
    plan = view.plan
    stops, starts = (
        [row.change.name for row in view.rows if row.kind == kind] for kind in ("stops", "starts")
    )
    if not (stops or starts):
        return ""
    limit = plan.active_slots
    now = f"{plan.active} of {limit} in use" if limit is not None else f"{plan.active} in use"
    parts = [now, *_moves(stops, starts, medium)]
    then = max(plan.active - len(stops), 0) + len(starts)
    end = (
        f"{then} would then be in use, and `active_slots` in `reconciler.toml` does not say of how many"
        if limit is None
        else f"{then} of {limit} would then be in use"
        if then <= limit
        else f"that takes {then}, and there are {limit}"
    )
    return f"{', '.join(parts)}: {end}."


def _moves(stops: Sequence[str], starts: Sequence[str], medium: Medium) -> Iterator[str]:
    if stops:
        yield f"{len(stops)} {_verb(len(stops), 'frees up', 'free up')} ({medium.names(stops)})"
    if starts:
        yield f"{len(starts)} would start ({medium.names(starts)})"


def left_alone(plan: Plan, medium: Medium) -> Iterator[tuple[str, str]]:
    """Yield what no apply of the plan touches, by name: what is as defined, and apart what has no file."""
    let_go = {one.id for one in plan.ownership.no_longer_managed}
    unmanaged = [one.name for one in plan.unmanaged if one.id not in let_go]
    if plan.unchanged:
        yield (
            f"As defined already ({len(plan.unchanged)})",
            medium.names([one.name for one in plan.unchanged]),
        )
    if unmanaged:
        yield f"Live without a file here ({len(unmanaged)})", medium.names(unmanaged)


def order(plan: Plan) -> Sequence[tuple[str, Sequence[str]]]:
    """Return the steps of an apply in their order, each with the names of its audiences."""
    names: dict[str, list[str]] = {}
    for change in plan.changes:
        names.setdefault(change.phase, []).append(change.name)
    return [(phase, names[phase]) for phase in _STEPS if phase in names]


_STEPS = ("release", "change", "activate")
