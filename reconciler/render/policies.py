"""Policies in a verdict: each with its sentence, what it needs and by whom, and the audiences below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan import finding
from reconciler.render.diagnostics import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.plan.finding import Finding, Outcome
    from reconciler.render.medium import Medium

MAX_SHOWN = 10  # audiences below one policy


def reasons(
    found: Sequence[Finding], outcome: Outcome, medium: Medium
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield heading, text and items for each policy with this outcome, apart where what is needed differs."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for one in found:
        if one.outcome == outcome:
            alike.setdefault((one.policy, finding.detail(one), one.unknown), []).append(one)
    for (policy, detail, unknown), group in alike.items():
        rule = f"{group[0].sentence} ({policy})."
        doubt = f"Whether this is kept cannot be told: {sentence(unknown)}" if unknown else ""
        text = " ".join(filter(None, [rule, doubt, sentence(detail)]))
        items = [_item(one, medium) for one in group[:MAX_SHOWN]]
        more = len(group) - MAX_SHOWN
        items += [f"and {more} more"] if more > 0 else []
        yield _HEADINGS[outcome], medium.prose(text), tuple(items)


def _item(one: Finding, medium: Medium) -> str:
    reason = f", for the reason {medium.name(one.reason)}" if one.reason else ""
    return f"{medium.name(one.name)}{reason} ({medium.quote(f'{one.file}:{one.line}')})"


_HEADINGS: Mapping[Outcome, str] = {
    "denied": "Policy",
    "overridden": "Exception to a policy",
    "warned": "Policy",
    "not_known": "Policy",
}
