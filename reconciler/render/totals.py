"""What a plan comes to, in sentences: its numbers, the active slots, and what it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.plan import Plan
    from reconciler.render.medium import Medium
    from reconciler.render.sentences import Kind
    from reconciler.render.view import View

_PAIR = 2
_KINDS: Mapping[Kind, tuple[str, str]] = {
    "starts": ("would start", "would start"),
    "stops": ("would stop being active", "would stop being active"),
    "more": ("would match more people", "would match more people"),
    "fewer": ("would match fewer people", "would match fewer people"),
    "other": ("would match other people", "would match other people"),
    "same": ("would keep its people", "would keep their people"),
}


def headline(seen: View) -> str:
    """Return in numbers what becomes of all audiences; they add up, on both levels."""
    plan, summary = seen.plan, seen.plan.summary
    if not plan.managed:
        return "No audience is defined here."
    keeps = summary["unchanged"]
    parts = [(summary["update"], "would change", "would change")]
    parts += [(keeps, "stays as it is", "stay as they are")]
    parts += [(len(plan.missing), "does not exist live", "do not exist live")]
    parts += [(len(plan.unreadable), "cannot be read", "cannot be read")]
    shown = [f"{count} {_verb(count, one, many)}" for count, one, many in parts if count]
    return f"Of {wording.count(plan.managed, 'audience')}, {_and(shown)}."


def breakdown(seen: View) -> str:
    """Return how many audiences change in which way, and that none of it is drift; empty where none does."""
    if not seen.rows:
        return ""
    is_asked = all(row.is_known_as_asked for row in seen.rows)
    return f"{_changing(seen)} None of this is drift." if is_asked else _changing(seen)


def _changing(seen: View) -> str:
    counts, total = seen.counts, len(seen.rows)
    if total == 1:
        return f"It {_KINDS[seen.rows[0].kind][0]}."
    if len(counts) == 1:
        return f"{'Both' if total == _PAIR else f'All {total}'} {_KINDS[seen.rows[0].kind][1]}."
    shown = [f"{count} {_verb(count, *_KINDS[kind])}" for kind, count in counts.items()]
    return f"Of these {total}, {_and(shown)}."


def _verb(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def slots(seen: View, medium: Medium) -> str:
    """Return who frees an active slot and who takes one, empty where nobody does."""
    plan = seen.plan
    stops, starts = (
        [row.change.name for row in seen.rows if row.kind == kind] for kind in ("stops", "starts")
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
