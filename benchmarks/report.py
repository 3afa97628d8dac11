"""Medians and ratios, as JSON and as a table. Pure."""

from __future__ import annotations

from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.processes import Sample
    from benchmarks.rows import Row

OURS = "reconciler"
_HEADER = ("row", "CPU s", "wall s", "MiB", "ratio", "goal", "before")


def result(row: Row, samples: Mapping[str, Sequence[Sample]]) -> dict[str, Any]:
    """Return the medians of one row: of ours, and of each floor under its name."""
    medians = {name: _medians(taken) for name, taken in samples.items()}
    goals = {"measure": row.measure, "goal": row.goal, "memory_goal": row.memory_goal}
    return {"runs": len(samples[OURS]), "bound": row.bound, **goals, "medians": medians}


def _medians(samples: Sequence[Sample]) -> dict[str, float]:
    taken = [asdict(sample) for sample in samples]
    return {key: round(median(one[key] for one in taken), 4) for key in taken[0]}


def table(document: Mapping[str, Any], against: Mapping[str, Any] | None = None) -> str:
    """Return the table in Markdown: how often each floor, or the bound, goes into ours, and ours before."""
    lines = [_HEADER, tuple("---" for _ in _HEADER)]
    for name, row in document["rows"].items():
        before = (against or {"rows": {}})["rows"].get(name)
        lines += _lines(name, row, before)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _lines(name: str, row: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[tuple[str, ...]]:
    ours = row["medians"][OURS]
    ratio = f"{ours['wall'] / row['bound']:.2f}" if row["bound"] else ""
    yield (f"**{name}**", *_cells(ours), ratio, _goal(row), _change(row, before))
    if row["bound"]:
        if spent := ours["exchange"]:
            yield (
                "of it, from the first read",
                "",
                f"{spent:.3f}",
                "",
                f"{spent / row['bound']:.2f}",
                "",
                "",
            )
        yield ("the bound", "", f"{row['bound']:.3f}", "", "1.00", "", "")
    for floor, medians in row["medians"].items():
        if floor != OURS:
            yield (floor, *_cells(medians), f"{ours[row['measure']] / medians[row['measure']]:.2f}", "", "")


def _cells(medians: Mapping[str, float]) -> tuple[str, ...]:
    return f"{medians['cpu']:.3f}", f"{medians['wall']:.3f}", f"{medians['memory']:.0f}"


def _goal(row: Mapping[str, Any]) -> str:
    """Return the goals, each with whether it is met."""
    ours, bound = row["medians"][OURS], row["bound"]
    value, unit = (ours["wall"] / bound, "times the bound") if bound else (ours[row["measure"]], "s CPU")
    goals = [(value, row["goal"], unit)]
    if row["memory_goal"]:
        goals.append((ours["memory"], row["memory_goal"], "MiB"))
    return ", ".join(
        f"≤ {goal:g} {unit}{'' if value <= goal else ' (missed)'}" for value, goal, unit in goals
    )


def _change(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """Return the earlier figure, and now in its parts: beside a floor, too, where the machine may differ."""
    if before is None:
        return ""
    measure = row["measure"]
    now, then = (one["medians"][OURS][measure] for one in (row, before))
    shown = f"{then:.3f} (now {now / then:.2f} of it)"
    shared = [name for name in row["medians"] if name != OURS and name in before["medians"]]
    if measure == "cpu" and shared:
        floors = (one["medians"][shared[-1]][measure] for one in (row, before))
        now_floor, then_floor = floors
        shown += f", {now / now_floor / (then / then_floor):.2f} beside `{shared[-1]}`"
    return shown
