"""How an audience's filters narrow it down, as bars of one scale: a step for each filter."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.render import reach
from reconciler.render.escape import clip
from reconciler.render.page import bars
from reconciler.render.page.markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Rules
    from reconciler.plan.model import Step


def drawn(funnel: Sequence[Step], rules: Rules, anchor: str) -> Markup:
    """Return the steps as a list that reads without its bars, nothing without any."""
    if not funnel:
        return Markup()
    most = max(*(step.people for step in funnel), 1)
    first = _step("Topics and scores alone", funnel[0].people, most, "")
    others = (
        _step(_label(after, rules), after.people, most, _taken(before.people, after.people))
        for before, after in pairwise(funnel)
    )
    title = element("h4", "How the filters narrow it down", id=f"{anchor}-funnel")
    steps = element("ol", first, *others, aria_labelledby=f"{anchor}-funnel")
    return element("div", title, steps, class_="funnel")


def _label(step: Step, rules: Rules) -> str:
    label = reach.filter_label(step.path, rules)
    return clip(label) if label == step.path else label[:1].upper() + label[1:]


def _taken(before: int, after: int) -> str:
    if before == after:
        return "takes nobody away"
    return f"{bars.difference(before, after)}" if after else "nobody is left"


def _step(label: str, people: int, most: int, taken: str) -> Markup:
    return element(
        "li",
        element("span", element("bdi", label), class_="step"),
        element("span", f"{people:,}", class_="number"),
        bars.bar(people, most, "now", 10),
        element("span", taken, class_="taken") if taken else Markup(),
    )
