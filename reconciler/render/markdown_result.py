"""Results of an apply as a pull request shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import wording
from reconciler.render import text
from reconciler.render.escape import clip
from reconciler.render.markdown_notes import notes
from reconciler.render.markdown_table import table
from reconciler.render.medium import MARKDOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.plan import ApplyResult, AudienceResult, Outcome

MAX_DETAIL = 300  # characters of why an audience ended so
_AS_PLANNED = ("applied", "unchanged")  # outcomes that need nobody's attention


def result(
    value: ApplyResult, *, next_step: str | None = None, max_shown: int | None = None, see_also: str = ""
) -> str:
    """Show how an apply ended: one line, and a table of how it ended for whom.

    `next_step` is what to do where something is left, in place of a command. Of more audiences than
    `max_shown`, those come first that are not as planned; `see_also` says where the others are.
    """
    shown = sorted(value.results, key=_urgency)[:max_shown]
    step = _next_step(value, next_step)
    blocks = [*_live_and_wider(value.live_and_wider), f"**{_result_headline(value)}**{step}"]
    blocks += [notes(value.diagnostics)] if value.diagnostics else []
    if shown:
        rows = [(MARKDOWN.name(one.name), f"{_outcome(one)}{_detail(one)}") for one in shown]
        blocks.append(table(("Audience", "How it ended"), rows))
    more = len(value.results) - len(shown)
    hint = f" See {see_also}." if see_also else ""
    blocks += [f"**Not shown here: {wording.count(more, 'more audience')}.**{hint}"] if more else []
    return "\n\n".join(blocks) + "\n"


def _urgency(one: AudienceResult) -> tuple[bool, bool]:
    return not one.is_live_and_wider, one.outcome in _AS_PLANNED


def _live_and_wider(found: Sequence[AudienceResult]) -> Iterator[str]:
    if found:
        listed = MARKDOWN.names([one.name for one in found], text.MAX_WIDER)
        yield (
            f"> [!CAUTION]\n> **Live and wider than defined:** {listed}. **{text.pause_hint(len(found))}**"
        )


def _result_headline(value: ApplyResult) -> str:
    count = len(value.results)
    good = sum(one.outcome in _AS_PLANNED and not one.is_live_and_wider for one in value.results)
    if value.is_converged:
        done = value.summary["applied"]
        return f"{wording.count(done, 'audience')} changed as planned." if done else "Nothing had to change."
    if not value.is_written:
        return "Nothing was changed."
    stopped = "Stopped before the end: " if value.interrupted else ""
    are, rest = "is" if good == 1 else "are", count - good
    audiences = wording.count(count, "audience")
    return f"{stopped}{good} of {audiences} {are} as planned, {rest} {'is' if rest == 1 else 'are'} not."


def _next_step(value: ApplyResult, next_step: str | None) -> str:
    if value.is_converged:
        which = "It" if value.summary["applied"] == 1 else "Each"
        return f" {which} was read back and is as its file says." if value.summary["applied"] else ""
    if not value.results:
        return " This is why:" if value.diagnostics else ""
    unknown = " Look in the dashboard at what is unknown." if value.summary["unknown"] else ""
    return f"{unknown} {next_step or _PLAN_AGAIN}"


def _outcome(one: AudienceResult) -> str:
    if one.is_live_and_wider:
        return "**live and wider than defined**: it is active, and reaches more people than its file says"
    if one.is_written and one.outcome == "failed":
        return "**changed, but not as planned**: what is live now is not what was asked for"
    if one.is_written and one.outcome == "conflict":
        return "**changed, but not as planned**: somebody else changed it at the same time"
    return _OUTCOMES[one.outcome]


def _detail(one: AudienceResult) -> str:
    is_telling = one.detail and one.outcome != "unchanged"
    return f" ({MARKDOWN.prose(clip(one.detail, MAX_DETAIL))})" if is_telling else ""


_PLAN_AGAIN = "Run the plan again to see what is left to do."
_OUTCOMES: dict[Outcome, str] = {
    "applied": "changed as planned",
    "unchanged": "was already as planned",
    "failed": "**not changed**: the attempt failed",
    "conflict": "**left alone**: somebody else changed it meanwhile",
    "blocked": "**did not start**: no active slot is free",
    "unknown": "**unknown**: it may or may not have changed",
    "not_attempted": "**not tried**: nothing was sent for it",
}
